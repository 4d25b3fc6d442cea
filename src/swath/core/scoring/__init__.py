"""How much is to be learned from predictions: scores of active learning in closed form. High means: look at this."""

from swath.core.scoring.columns import ScoreColumns, no_scores, side_by_side
from swath.core.scoring.details import PredictionDetails, Shares, details_of
from swath.core.scoring.images import image_scores
from swath.core.scoring.names import OBJECT_FREQUENCY, UNCERTAINTIES, image_score_names, prediction_score_names
from swath.core.scoring.object_frequency import object_frequency
from swath.core.scoring.predictions import PredictionScores, score_predictions
from swath.core.scoring.uncertainty import (
    entropy,
    least_confidence,
    margin,
    uncertainties,
    uncertainties_of_scores,
)

__all__ = [
    "OBJECT_FREQUENCY",
    "UNCERTAINTIES",
    "PredictionDetails",
    "PredictionScores",
    "ScoreColumns",
    "Shares",
    "details_of",
    "entropy",
    "image_score_names",
    "image_scores",
    "least_confidence",
    "margin",
    "no_scores",
    "object_frequency",
    "prediction_score_names",
    "score_predictions",
    "side_by_side",
    "uncertainties",
    "uncertainties_of_scores",
]
