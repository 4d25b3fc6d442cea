"""What people do with a run that is over: names by tag, and the images themselves."""

import sys

from lightly.api import ApiWorkflowClient

client = ApiWorkflowClient(dataset_id=sys.argv[1])
print(client.export_filenames_by_tag_name("initial-tag"))
client.download_dataset(sys.argv[2], tag_name="initial-tag")
