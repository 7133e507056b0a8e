//! One file per subcommand.

// graph
