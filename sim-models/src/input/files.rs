//! Where the texts of a scenario come from.

/// Where texts come from; this crate never touches a file system.
pub trait Files {
    /// The text of a file.
    ///
    /// # Errors
    /// Why it cannot be read; further lines say what to do about it.
    fn read(&self, path: &str) -> Result<String, String>;

    /// The text of a file that the scenario in file `root` names: one that it includes, or one of
    /// measurements. Whoever got the scenario from somebody else may not want all of them to be read.
    ///
    /// # Errors
    /// As for [`Self::read`], and why it may not be read.
    fn read_for(&self, root: &str, path: &str) -> Result<String, String> {
        let _ = root;
        self.read(path)
    }
}

/// Named texts in memory.
impl Files for [(&str, &str)] {
    fn read(&self, path: &str) -> Result<String, String> {
        self.iter()
            .find(|(name, _)| *name == path)
            .map(|(_, text)| (*text).into())
            .ok_or_else(|| "there is no such file".into())
    }
}

impl<const N: usize> Files for [(&str, &str); N] {
    fn read(&self, path: &str) -> Result<String, String> {
        self.as_slice().read(path)
    }
}
