//! Through the command line.
