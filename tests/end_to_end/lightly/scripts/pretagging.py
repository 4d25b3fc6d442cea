"""Whole images with a detector of the worker: runs here predict nothing."""

from lightly.api import ApiWorkflowClient
from lightly.openapi_generated.swagger_client.models.dataset_type import DatasetType
from lightly.openapi_generated.swagger_client.models.datasource_purpose import DatasourcePurpose

client = ApiWorkflowClient()
client.create_dataset("pretagged images", dataset_type=DatasetType.IMAGES)
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
        "enable_corruptness_check": False,
        "remove_exact_duplicates": True,
        "pretagging": True,
        "pretagging_debug": True,
        "method": "coreset",
        "stopping_condition": {"n_samples": 0.9, "min_distance": -1},
    },
    lightly_config={"loader": {"batch_size": 16, "num_workers": -1}, "trainer": {"gpus": 1, "max_epochs": 100}},
)
print(scheduled_id)
