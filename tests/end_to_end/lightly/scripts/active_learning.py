"""Frames of videos by active-learning scores: neither is there yet."""

from lightly.api import ApiWorkflowClient
from lightly.openapi_generated.swagger_client.models.dataset_type import DatasetType
from lightly.openapi_generated.swagger_client.models.datasource_purpose import DatasourcePurpose

client = ApiWorkflowClient()
client.create_dataset("scored videos", dataset_type=DatasetType.VIDEOS)
client.set_azure_config(
    container_name="my-container/input/",
    account_name="ACCOUNT-NAME",
    sas_token="SAS-TOKEN",
    purpose=DatasourcePurpose.INPUT,
)
client.set_azure_config(
    container_name="my-container/output/",
    account_name="ACCOUNT-NAME",
    sas_token="SAS-TOKEN",
    purpose=DatasourcePurpose.LIGHTLY,
)
scheduled_id = client.schedule_compute_worker_run(
    worker_config={
        "method": "coral",
        "active_learning": {"task_name": "vehicles_object_detections", "score_name": "uncertainty_margin"},
        "stopping_condition": {"n_samples": 0.1, "min_distance": -1},
    },
    lightly_config={"loader": {"batch_size": 16, "num_workers": -1}, "trainer": {"gpus": 1, "max_epochs": 100}},
)
print(scheduled_id)
