//! The command line as tests call it, and folders for what it writes.

use sim_cli::Terminal;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{fs, process};

/// What `sim` answers: exit code, standard output and standard error.
///
/// # Panics
/// If what it prints is no text.
#[must_use]
pub fn sim(arguments: &[&str]) -> (u8, String, String) {
    let arguments: Vec<OsString> = ["sim"].iter().chain(arguments).map(Into::into).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = sim_cli::run(&arguments, &mut out, &mut err, Terminal::default());
    let text = |bytes| String::from_utf8(bytes).expect("output is text");
    (code, text(out), text(err))
}

/// The arguments of [`program`], a line each.
const ARGUMENTS: &str = "SIM_ARGUMENTS";

/// `sim` as a process of its own, so that it can be killed and has its own environment. The test file needs
/// an ignored test `as_a_process` that calls [`as_a_process`].
///
/// # Panics
/// If the test does not know where it is.
#[must_use]
pub fn program<A: AsRef<str>>(arguments: &[A]) -> Command {
    let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
    let mut command = Command::new(std::env::current_exe().expect("a test has a path"));
    command
        .args(["--ignored", "--exact", "as_a_process", "--nocapture"])
        .env(ARGUMENTS, arguments.join("\n"))
        .stdin(Stdio::null());
    command
}

/// What [`program`] starts; where nothing has, nothing happens.
pub fn as_a_process() {
    if let Ok(arguments) = std::env::var(ARGUMENTS) {
        let arguments = std::iter::once("sim").chain(arguments.lines());
        let code = sim_cli::main(arguments.map(Into::into));
        process::exit(i32::from(code));
    }
}

/// An empty folder that goes away with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    /// Of a name that no other test has.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sim-{name}-{}", process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a temporary folder can be made");
        Self(path)
    }

    /// Where something is in it.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    /// The text of a file in it; nothing where there is none.
    #[must_use]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Writes a file into it; where it is.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn put(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).expect("it can be written");
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
