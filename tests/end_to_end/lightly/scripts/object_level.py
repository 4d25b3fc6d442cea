"""An object-level run as scripts of 2022 ask for it: all six storages are set, one after the other; the last counts."""

import json

from lightly.api import ApiWorkflowClient
from lightly.openapi_generated.swagger_client.models.dataset_type import DatasetType
from lightly.openapi_generated.swagger_client.models.datasource_purpose import DatasourcePurpose

client = ApiWorkflowClient()
client.create_dataset("vehicles dataset", dataset_type=DatasetType.IMAGES)

client.set_s3_config(
    resource_path="s3://bucket/input/",
    region="eu-central-1",
    access_key="S3-ACCESS-KEY",
    secret_access_key="S3-SECRET-ACCESS-KEY",
    purpose=DatasourcePurpose.INPUT,
)
client.set_s3_config(
    resource_path="s3://bucket/output/",
    region="eu-central-1",
    access_key="S3-ACCESS-KEY",
    secret_access_key="S3-SECRET-ACCESS-KEY",
    purpose=DatasourcePurpose.LIGHTLY,
)
with open("credentials_read.json") as file:
    read_credentials = json.dumps(json.load(file))
client.set_gcs_config(
    resource_path="gs://bucket/input/",
    project_id="PROJECT-ID",
    credentials=read_credentials,
    purpose=DatasourcePurpose.INPUT,
)
with open("credentials_write.json") as file:
    write_credentials = json.dumps(json.load(file))
client.set_gcs_config(
    resource_path="gs://bucket/output/",
    project_id="PROJECT-ID",
    credentials=write_credentials,
    purpose=DatasourcePurpose.LIGHTLY,
)
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
        "object_level": {"task_name": "vehicles_object_detections"},
        "enable_corruptness_check": True,
        "remove_exact_duplicates": True,
        "enable_training": False,
        "pretagging": False,
        "pretagging_debug": False,
        "method": "coreset",
        "stopping_condition": {"n_samples": 0.1, "min_distance": -1},
    },
    lightly_config={
        "loader": {"batch_size": 16, "shuffle": True, "num_workers": -1, "drop_last": True},
        "model": {"name": "resnet-18", "out_dim": 128, "num_ftrs": 32, "width": 1},
        "trainer": {"gpus": 1, "max_epochs": 100, "precision": 32},
        "criterion": {"temperature": 0.5},
        "optimizer": {"lr": 1, "weight_decay": 0.00001},
        "collate": {
            "input_size": 64,
            "cj_prob": 0.8,
            "cj_bright": 0.7,
            "cj_contrast": 0.7,
            "cj_sat": 0.7,
            "cj_hue": 0.2,
            "min_scale": 0.15,
            "random_gray_scale": 0.2,
            "gaussian_blur": 0.5,
            "kernel_size": 0.1,
            "vf_prob": 0,
            "hf_prob": 0.5,
            "rr_prob": 0,
        },
    },
)
print(scheduled_id)
