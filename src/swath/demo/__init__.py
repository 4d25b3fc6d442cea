"""The demo datasource: drawn street scenes with noisy predictions and a hidden ground truth."""
