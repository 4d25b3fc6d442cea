"""A run as scripts of 2024 ask for it, followed until it is over, with all that it left."""

import sys

from lightly.api import ApiWorkflowClient

client = ApiWorkflowClient()
client.set_dataset_id_by_name(sys.argv[1])
scheduled_id = client.schedule_compute_worker_run(
    worker_config={"enable_training": False, "datasource": {"process_all": True}, "use_datapool": True},
    selection_config={
        "n_samples": 1,
        "strategies": [
            {
                "input": {"type": "EMBEDDINGS", "task": "vehicles_object_detections"},
                "strategy": {"type": "DIVERSITY", "stopping_condition_minimum_distance": 0.05},
            }
        ],
    },
)
for info in client.compute_worker_run_info_generator(scheduled_run_id=scheduled_id):
    print(f"state: {info.state}, message: {info.message}")
if not info.ended_successfully():
    sys.exit(1)
run = client.get_compute_worker_run_from_scheduled_run(scheduled_run_id=scheduled_id)
print("tags:", [tag.name for tag in client.get_compute_worker_run_tags(run.id)])
client.download_compute_worker_run_artifacts(run, sys.argv[2])
client.download_embeddings_csv(f"{sys.argv[2]}/embeddings.csv")
client.download_dataset(f"{sys.argv[2]}/images")
