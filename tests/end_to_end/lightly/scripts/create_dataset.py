"""A dataset without a type, with storages for input and output in one, without thumbnails."""

import json

from lightly.api import ApiWorkflowClient

client = ApiWorkflowClient()
client.create_dataset("one storage")
client.set_s3_config(
    resource_path="s3://bucket/dataset",
    region="eu-central-1",
    access_key="S3-ACCESS-KEY",
    secret_access_key="S3-SECRET-ACCESS-KEY",
    thumbnail_suffix=None,
)
with open("credentials.json") as file:
    credentials = json.dumps(json.load(file))
client.set_gcs_config(
    resource_path="gs://bucket/dataset", project_id="PROJECT-ID", credentials=credentials, thumbnail_suffix=None
)
client.set_azure_config(
    container_name="my-container/input/", account_name="ACCOUNT-NAME", sas_token="SAS-TOKEN", thumbnail_suffix=None
)
print(client.dataset_id)
