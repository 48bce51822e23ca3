//! Where does the automation put files that nobody needs afterwards?

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A fresh folder in the system's temporary one, removed with everything in it when dropped.
pub(crate) struct Scratch {
    path: PathBuf,
    keep: bool,
}

impl Scratch {
    /// Creates it; `purpose` becomes part of its name.
    ///
    /// # Errors
    ///
    /// Where it cannot be created, or exists already.
    pub(crate) fn new(purpose: &str) -> Result<Self> {
        let name = format!("palinode-{purpose}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self { path, keep: false })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves it where it is, for somebody to look into, and says where that is.
    pub(crate) fn keep(mut self) -> PathBuf {
        self.keep = true;
        self.path.clone()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.keep {
            // What is left behind in the system's own temporary folder harms nobody.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_away_unless_it_is_kept() {
        let scratch = Scratch::new("unit-test").expect("a folder");
        let path = scratch.path().to_path_buf();
        std::fs::write(path.join("a"), "b").expect("a file");
        assert!(Scratch::new("unit-test").is_err());
        drop(scratch);
        assert!(!path.exists());
        let kept = Scratch::new("unit-test").expect("a folder").keep();
        assert!(kept.exists());
        std::fs::remove_dir(kept).expect("it is empty");
    }
}
