//! Statistics over replications and within runs: intervals, paired differences, warm-up cuts.
