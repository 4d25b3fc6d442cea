"""The process that executes runs: claim, beat, run, report, stop cleanly."""
