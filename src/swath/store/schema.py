"""The tables. One schema for SQLite and PostgreSQL; `migrations/` builds the same, and a test proves it.

Times are milliseconds since 1970 (UTC). Ids are 24 lower-case hex digits. A sample's index is dense per dataset,
never changes and is the sample's bit in every tag; rows that belong to one sample (its crop data, its predictions)
are keyed by (dataset, index). A prediction does not hold the crop made of it: a crop is of a prediction when parent
sample and object key agree, which is true for any number of crops datasets and cannot contradict itself.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

REVISION = "0005"
"""The newest migration: a database at this revision is opened without loading the migration tool."""

Id = sa.String(24)
Key = sa.LargeBinary(16)
Digest = sa.LargeBinary(32)

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


Kind = TypeEngine[Any] | type[TypeEngine[Any]]


def required(name: str, kind: Kind, *args: SchemaItem) -> sa.Column[Any]:
    return sa.Column(name, kind, *args, nullable=False)


def key(name: str, kind: Kind, *args: SchemaItem) -> sa.Column[Any]:
    return sa.Column(name, kind, *args, primary_key=True, nullable=False, autoincrement=False)


users = sa.Table(
    "users",
    metadata,
    key("id", Id),
    required("name", sa.Text),
    required("is_local", sa.Boolean),  # the one owner of this home: whoever works on it without a token
    required("created_at", sa.BigInteger),
    sa.UniqueConstraint("name"),
)
sa.Index(
    "uq_users_local",
    users.c.is_local,
    unique=True,
    sqlite_where=users.c.is_local,
    postgresql_where=users.c.is_local,
)

# The secrets themselves are nowhere: a token is found by its digest.
tokens = sa.Table(
    "tokens",
    metadata,
    key("id", Id),
    required("user_id", Id, sa.ForeignKey("users.id")),
    required("name", sa.Text),
    required("scope", sa.String(16)),  # owner | member | worker | read-only
    required("kind", sa.String(16)),  # token | session (a browser's cookie) | local (of the server that is running)
    required("digest", Digest),
    required("created_at", sa.BigInteger),
    sa.Column("last_used_at", sa.BigInteger),
    sa.Column("expires_at", sa.BigInteger),
    sa.Column("revoked_at", sa.BigInteger),
    sa.UniqueConstraint("digest"),
)

login_codes = sa.Table(
    "login_codes",
    metadata,
    key("digest", Digest),
    required("user_id", Id, sa.ForeignKey("users.id")),
    required("expires_at", sa.BigInteger),
)

# What a request that creates something answered, so that it can be repeated when the answer got lost.
idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    key("user_id", Id, sa.ForeignKey("users.id")),
    key("key", sa.String(200)),
    required("request_digest", Digest),  # of method, path and body
    sa.Column("status", sa.Integer),  # NULL while the first request is under way
    sa.Column("answer", sa.LargeBinary),
    required("created_at", sa.BigInteger),
    sa.Index(None, "created_at"),
)

embedders = sa.Table(
    "embedders",
    metadata,
    key("id", Id),
    required("digest", sa.String(64)),
    required("name", sa.Text),
    required("dimension", sa.Integer),
    required("input_size", sa.Integer),
    required("resize_mode", sa.Text),
    sa.UniqueConstraint("digest"),
)

datasets = sa.Table(
    "datasets",
    metadata,
    key("id", Id),
    required("owner_id", Id, sa.ForeignKey("users.id")),
    required("name", sa.Text),
    required("kind", sa.String(16)),  # images | crops
    sa.Column("parent_id", Id, sa.ForeignKey("datasets.id")),  # crops: their image dataset
    sa.Column("task", sa.Text),  # crops: the prediction task they were cut by
    required("is_default", sa.Boolean),  # crops: found by runs that name no crops dataset
    required("input_uri", sa.Text),  # empty: no datasource has been set
    required("output_uri", sa.Text),
    required("is_confined", sa.Boolean),  # local folders: only below the roots that the operator lists
    sa.Column("embedder_id", Id, sa.ForeignKey("embedders.id")),  # NULL as long as there are no vectors
    sa.Column("stored_as", sa.String(16)),  # full | thumbnail | meta: what an upload left of images; NULL: no upload
    sa.Column("processed_until", sa.BigInteger),  # ms, as an old script set it; NULL: none did
    required("sample_count", sa.Integer),
    required("created_at", sa.BigInteger),
    required("modified_at", sa.BigInteger),
    sa.UniqueConstraint("owner_id", "name"),
)
sa.Index(
    "uq_datasets_default_crops",
    datasets.c.parent_id,
    datasets.c.task,
    unique=True,
    sqlite_where=datasets.c.is_default,
    postgresql_where=datasets.c.is_default,
)

# An image dataset is shared with its crops datasets.
dataset_shares = sa.Table(
    "dataset_shares",
    metadata,
    key("dataset_id", Id, sa.ForeignKey("datasets.id")),
    key("user_id", Id, sa.ForeignKey("users.id")),
    required("created_at", sa.BigInteger),
)

datasource_credentials = sa.Table(
    "datasource_credentials",
    metadata,
    key("dataset_id", Id, sa.ForeignKey("datasets.id")),
    key("purpose", sa.String(16)),  # input | output
    required("secret", sa.LargeBinary),  # encrypted JSON
    required("modified_at", sa.BigInteger),
)

samples = sa.Table(
    "samples",
    metadata,
    key("dataset_id", Id, sa.ForeignKey("datasets.id")),
    key("sample_index", sa.Integer),
    required("id", Id),
    required("file_name", sa.Text),
    required("digest", Digest),  # of the image file; empty for crops, whose content the object key names
    required("width", sa.Integer),  # px
    required("height", sa.Integer),
    required("byte_size", sa.BigInteger),
    required("thumbnail_key", sa.Text),
    required("run_id", Id),
    required("created_at", sa.BigInteger),
    required("modified_at", sa.BigInteger),
    sa.UniqueConstraint("id"),
    sa.UniqueConstraint("dataset_id", "file_name"),
)

# Rows of these tables are short and read in the order of their key: without a hidden row number SQLite stores them
# in that order and keeps the key once.
CLUSTERED: dict[str, Any] = {"sqlite_with_rowid": False}

crops = sa.Table(
    "crops",
    metadata,
    key("dataset_id", Id),
    key("sample_index", sa.Integer),
    required("parent_sample_id", Id, sa.ForeignKey("samples.id")),
    required("object_key", Key),
    required("crop_key", Key),
    required("task", sa.Text),
    required("position", sa.Integer),  # in the prediction file
    required("category_id", sa.Integer),
    sa.Column("score", sa.Double),
    required("x0", sa.Double),  # the box, px of the upright image, not clipped
    required("y0", sa.Double),
    required("x1", sa.Double),
    required("y1", sa.Double),
    required("rect_x0", sa.Integer),  # what was cut out
    required("rect_y0", sa.Integer),
    required("rect_x1", sa.Integer),
    required("rect_y1", sa.Integer),
    required("padding", sa.Double),
    required("stale", sa.Boolean),  # the bytes of its image have changed since
    sa.ForeignKeyConstraint(["dataset_id", "sample_index"], ["samples.dataset_id", "samples.sample_index"]),
    sa.UniqueConstraint("dataset_id", "object_key"),
    sa.Index(None, "parent_sample_id"),
    **CLUSTERED,
)

prediction_tasks = sa.Table(
    "prediction_tasks",
    metadata,
    key("dataset_id", Id, sa.ForeignKey("datasets.id")),
    key("task", sa.Text),
    required("task_type", sa.Text),
    required("categories", sa.Text),  # JSON list of {id, name, keypoint_names, keypoint_skeleton}
    required("modified_at", sa.BigInteger),
)

predictions = sa.Table(
    "predictions",
    metadata,
    key("dataset_id", Id),
    key("sample_index", sa.Integer),
    key("task", sa.Text),
    key("position", sa.Integer),
    required("category_id", sa.Integer),
    sa.Column("score", sa.Double),
    required("x0", sa.Double),
    required("y0", sa.Double),
    required("x1", sa.Double),
    required("y1", sa.Double),
    required("outcome", sa.SmallInteger),  # BoxOutcome
    required("object_key", Key),
    sa.Column("details", sa.Text),  # JSON, what an old script gave besides: probabilities, segmentation, keypoints
    sa.ForeignKeyConstraint(["dataset_id", "sample_index"], ["samples.dataset_id", "samples.sample_index"]),
    **CLUSTERED,
)

tags = sa.Table(
    "tags",
    metadata,
    key("id", Id),
    required("dataset_id", Id, sa.ForeignKey("datasets.id")),
    required("name", sa.Text),
    sa.Column("parent_id", Id, sa.ForeignKey("tags.id")),
    sa.Column("members", sa.LargeBinary),  # serialised roaring bitmap; NULL for initial-tag, which is everything
    required("member_count", sa.Integer),  # of the bitmap
    required("total_size", sa.Integer),  # samples in the dataset when the members were last set
    required("revision", sa.Integer),
    sa.Column("run_id", Id),
    required("created_at", sa.BigInteger),
    required("modified_at", sa.BigInteger),
    sa.UniqueConstraint("dataset_id", "name"),
)

vector_segments = sa.Table(
    "vector_segments",
    metadata,
    key("dataset_id", Id, sa.ForeignKey("datasets.id")),
    key("sequence", sa.Integer),  # later segments override earlier ones
    required("embedder_id", Id, sa.ForeignKey("embedders.id")),
    required("run_id", Id),
    required("file_name", sa.Text),  # below the home's vectors folder
    required("first_index", sa.Integer),  # of the rows when `sample_indices` is NULL
    sa.Column("sample_indices", sa.LargeBinary),  # little-endian int32 per row, for samples that were there before
    required("row_count", sa.Integer),
    required("dimension", sa.Integer),
    required("dtype", sa.String(8)),
    required("byte_length", sa.BigInteger),
    required("sha256", Digest),
    sa.UniqueConstraint("file_name"),
)

# Points of a map of a dataset's embeddings: files like those of the vectors. Those of PCA are made with the basis that
# is kept, others by runs.
projections = sa.Table(
    "projections",
    metadata,
    key("id", Id),
    required("dataset_id", Id, sa.ForeignKey("datasets.id")),
    required("embedder_id", Id, sa.ForeignKey("embedders.id")),
    required("method", sa.String(16)),  # pca | pacmap | tsne | umap
    sa.Column("basis", sa.LargeBinary),  # pca: little-endian float32: mean (D,), then components (2, D)
    required("parameters", sa.Text),  # JSON, of the points that are there or will be first
    sa.Column("run_id", Id),  # that makes or extends it, or did last; what became of it is told by the run
    required("version", sa.Integer),  # grows with every segment; 0: no points yet
    required("created_at", sa.BigInteger),
    required("modified_at", sa.BigInteger),
    sa.UniqueConstraint("dataset_id", "method"),
)

projection_segments = sa.Table(
    "projection_segments",
    metadata,
    key("projection_id", Id, sa.ForeignKey("projections.id")),
    key("version", sa.Integer),  # of the projection once this segment is there; later ones override earlier ones
    required("run_id", Id),
    required("file_name", sa.Text),  # below the home's projections folder: float32 x, y per row
    required("first_index", sa.Integer),
    sa.Column("sample_indices", sa.LargeBinary),
    required("row_count", sa.Integer),
    required("byte_length", sa.BigInteger),
    required("sha256", Digest),
    sa.UniqueConstraint("file_name"),
)

# What people did to tags, newest last, so that it can be undone.
operations = sa.Table(
    "operations",
    metadata,
    key("id", Id),
    required("dataset_id", Id, sa.ForeignKey("datasets.id")),
    required("user_id", Id, sa.ForeignKey("users.id")),
    required("summary", sa.Text),  # for a person: "added 93 samples to `vans`"
    required("is_undone", sa.Boolean),
    required("created_at", sa.BigInteger),
    required("modified_at", sa.BigInteger),
    sa.Index(None, "dataset_id", "user_id", "created_at"),
)

operation_changes = sa.Table(
    "operation_changes",
    metadata,
    key("operation_id", Id, sa.ForeignKey("operations.id")),
    key("tag_id", Id),
    sa.Column("before", sa.LargeBinary),  # the tag as it was (JSON head and bitmap); NULL: it was not there
    sa.Column("after", sa.LargeBinary),  # NULL: it was deleted
)

selections = sa.Table(
    "selections",
    metadata,
    key("id", Id),
    required("dataset_id", Id, sa.ForeignKey("datasets.id")),
    required("user_id", Id, sa.ForeignKey("users.id")),
    required("selector", sa.Text),  # JSON, as it was asked
    required("members", sa.LargeBinary),  # serialised roaring bitmap of sample indices
    required("member_count", sa.Integer),
    required("created_at", sa.BigInteger),
    sa.Index(None, "dataset_id"),
)

views = sa.Table(
    "views",
    metadata,
    key("id", Id),
    required("dataset_id", Id, sa.ForeignKey("datasets.id")),
    required("user_id", Id, sa.ForeignKey("users.id")),
    required("name", sa.Text),
    required("rule", sa.Text),  # JSON: filter, sort and how the page looks; never a result
    required("created_at", sa.BigInteger),
    required("modified_at", sa.BigInteger),
    sa.UniqueConstraint("dataset_id", "name"),
)

exports = sa.Table(
    "exports",
    metadata,
    key("id", Id),
    required("dataset_id", Id, sa.ForeignKey("datasets.id")),
    required("user_id", Id, sa.ForeignKey("users.id")),
    required("request", sa.Text),  # JSON: format, selector, options
    required("state", sa.String(16)),  # PENDING | READY | FAILED
    required("message", sa.Text),
    required("sample_count", sa.Integer),
    required("byte_length", sa.BigInteger),
    required("created_at", sa.BigInteger),
    sa.Column("finished_at", sa.BigInteger),
    sa.Index(None, "dataset_id"),
)

workers = sa.Table(
    "workers",
    metadata,
    key("id", Id),
    required("owner_id", Id, sa.ForeignKey("users.id")),
    required("name", sa.Text),
    required("labels", sa.Text),  # JSON list
    required("version", sa.Text),
    required("host_name", sa.Text),
    required("details", sa.Text),  # JSON: cores, memory and what else a person may want to know
    required("is_draining", sa.Boolean),  # takes no new run
    required("created_at", sa.BigInteger),
    sa.Column("last_seen_at", sa.BigInteger),
    sa.UniqueConstraint("owner_id", "name"),
)

used_files = sa.Table(
    "used_files",
    metadata,
    key("dataset_id", Id, sa.ForeignKey("datasets.id")),  # crops dataset for runs with objects, else image dataset
    key("task", sa.Text),  # "" for none
    key("file_key", sa.Text),
    required("image_digest", Digest),
    required("prediction_digest", Digest),
    required("file_modified_at", sa.BigInteger),  # ms, of the image; 0: nobody knows
    required("outcome", sa.Text),
    required("run_id", Id),
    **CLUSTERED,
)

# Runs outlive the datasets they name and exist before them: their dataset ids are plain columns.
runs = sa.Table(
    "runs",
    metadata,
    key("id", Id),
    required("owner_id", Id, sa.ForeignKey("users.id")),
    required("kind", sa.String(16)),  # object-level | selection | projection
    required("state", sa.String(40)),
    required("message", sa.Text),
    required("config", sa.Text),  # JSON
    sa.Column("result", sa.Text),  # JSON
    sa.Column("receipt", sa.Text),  # JSON; set by the transaction that added the run's samples
    required("image_dataset_id", Id),
    required("image_dataset_name", sa.Text),
    sa.Column("crop_dataset_id", Id),
    sa.Column("crop_dataset_name", sa.Text),
    sa.Column("task", sa.Text),
    required("input_uri", sa.Text),
    required("output_uri", sa.Text),
    sa.Column("process_id", sa.Integer),  # of a run in the process that made it; NULL for runs of workers
    sa.Column("host_name", sa.Text),
    required("cancel_requested", sa.Boolean),
    sa.Column("worker_config_id", Id),  # of a run that an old script scheduled
    required("priority", sa.Integer),  # higher ones are claimed first
    required("runs_on", sa.Text),  # JSON list: labels a worker must have
    sa.Column("worker_id", Id),  # who holds the lease, or held it last
    required("lease", sa.Integer),  # grows with every claim; who comes with an older one is too late
    sa.Column("lease_expires_at", sa.BigInteger),  # NULL: nobody holds it
    required("deaths", sa.Integer),  # workers that died over it
    sa.Column("progress", sa.Text),  # JSON: state, done, total, unit, rate
    required("created_at", sa.BigInteger),
    sa.Column("started_at", sa.BigInteger),
    sa.Column("finished_at", sa.BigInteger),
    sa.Index(None, "image_dataset_name"),
    sa.Index(None, "state"),
)

run_log = sa.Table(
    "run_log",
    metadata,
    key("run_id", Id, sa.ForeignKey("runs.id")),
    key("line_number", sa.Integer),
    required("lease", sa.Integer),
    required("lease_line", sa.Integer),  # its number among the lines of that lease: a line sent twice is kept once
    required("logged_at", sa.BigInteger),
    required("level", sa.String(16)),
    required("message", sa.Text),
)

artifacts = sa.Table(
    "artifacts",
    metadata,
    key("run_id", Id, sa.ForeignKey("runs.id")),
    key("name", sa.Text),  # also its path below the run's folder
    required("byte_length", sa.BigInteger),
    required("sha256", Digest),
    required("created_at", sa.BigInteger),
)

# What follows keeps what scripts of the format's official clients give and ask back, in their words.

worker_configs = sa.Table(
    "worker_configs",
    metadata,
    key("id", Id),
    required("owner_id", Id, sa.ForeignKey("users.id")),
    required("generation", sa.String(8)),  # V0 | V2 | V3 | V4
    required("document", sa.Text),  # JSON, as it came
    required("created_at", sa.BigInteger),
)

# Scripts set several, one after the other; which ones count for a dataset is settled when a run is scheduled.
datasource_documents = sa.Table(
    "datasource_documents",
    metadata,
    key("dataset_id", Id, sa.ForeignKey("datasets.id")),
    key("purpose", sa.String(16)),  # INPUT | LIGHTLY | INPUT_OUTPUT
    required("id", Id),
    required("document", sa.Text),  # JSON without secrets
    required("secret", sa.LargeBinary),  # encrypted JSON: the secrets of the document
    required("sequence", sa.Integer),  # the latest of a dataset has the highest
    required("modified_at", sa.BigInteger),
    sa.UniqueConstraint("id"),
)

sample_metadata = sa.Table(
    "sample_metadata",
    metadata,
    key("dataset_id", Id),
    key("sample_index", sa.Integer),
    sa.Column("custom", sa.Text),  # JSON, what people attached
    sa.Column("measured", sa.Text),  # JSON, what a client measured of the image
    sa.Column("exif", sa.Text),  # JSON
    sa.Column("video_frame", sa.Text),  # JSON
    sa.Column("scores", sa.Text),  # JSON {task: {score: number}}, of predictions
    sa.ForeignKeyConstraint(["dataset_id", "sample_index"], ["samples.dataset_id", "samples.sample_index"]),
    **CLUSTERED,
)

metadata_configurations = sa.Table(
    "metadata_configurations",
    metadata,
    key("id", Id),
    required("dataset_id", Id, sa.ForeignKey("datasets.id")),
    required("name", sa.Text),
    required("entries", sa.Text),  # JSON list of {name, path, defaultValue, valueDataType}
    required("created_at", sa.BigInteger),
    required("modified_at", sa.BigInteger),
    sa.Index(None, "dataset_id"),
)

uploaded_embeddings = sa.Table(
    "uploaded_embeddings",
    metadata,
    key("id", Id),
    required("dataset_id", Id, sa.ForeignKey("datasets.id")),
    required("name", sa.Text),
    required("file_name", sa.Text),  # CSV, below the home's uploads folder
    sa.Column("row_count", sa.Integer),  # NULL until the file is there and was read
    sa.Column("dimension", sa.Integer),
    sa.Column("embedder_id", Id, sa.ForeignKey("embedders.id")),  # its vectors are those of the dataset
    required("created_at", sa.BigInteger),
    sa.Index(None, "dataset_id"),
)

active_learning_scores = sa.Table(
    "active_learning_scores",
    metadata,
    key("id", Id),
    required("dataset_id", Id, sa.ForeignKey("datasets.id")),
    required("tag_id", Id),  # a deleted tag may come back
    required("name", sa.Text),
    required("scores", sa.LargeBinary),  # little-endian float64, one per member of the tag, in their order
    required("created_at", sa.BigInteger),
    sa.UniqueConstraint("tag_id", "name"),
    sa.Index(None, "dataset_id"),
)
