"""A run on a dataset that is there, by its id."""

import sys

from lightly.api import ApiWorkflowClient

client = ApiWorkflowClient(dataset_id=sys.argv[1])
scheduled_id = client.schedule_compute_worker_run(
    worker_config={
        "enable_corruptness_check": True,
        "remove_exact_duplicates": True,
        "enable_training": False,
        "pretagging": False,
        "pretagging_debug": False,
        "method": "coreset",
        "stopping_condition": {"n_samples": 0.5, "min_distance": -1},
    },
    lightly_config={"loader": {"batch_size": 16, "num_workers": -1}, "collate": {"input_size": 64}},
)
print(scheduled_id)
