"""Whole images until none is new; run again it adds only what is new since."""

from lightly.api import ApiWorkflowClient
from lightly.openapi_generated.swagger_client.models.dataset_type import DatasetType
from lightly.openapi_generated.swagger_client.models.datasource_purpose import DatasourcePurpose

client = ApiWorkflowClient()
client.create_dataset("image pool", dataset_type=DatasetType.IMAGES)
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
        "enable_corruptness_check": True,
        "method": "coreset",
        "stopping_condition": {"n_samples": -1, "min_distance": 0.05},
    },
    lightly_config={"loader": {"batch_size": 16, "num_workers": -1}, "trainer": {"gpus": 1, "max_epochs": 100}},
)
print(scheduled_id)
