//! How does the automation get a Python with the packages that it needs?

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::process;

/// A Python of its own with pinned packages.
pub(crate) struct Environment {
    /// Where it lies, below the workspace's root.
    pub(crate) folder: &'static str,
    /// The file that names the packages, below the workspace's root.
    pub(crate) requirements: &'static str,
}

impl Environment {
    /// The folder of its programs, Python among them. It is made and filled first where needed.
    ///
    /// # Errors
    ///
    /// Where Python is missing, or the packages cannot be installed.
    pub(crate) fn programs(&self, root: &Path) -> Result<PathBuf> {
        let folder = root.join(self.folder);
        let programs = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
        let python = programs.join(PYTHON);
        let wanted = std::fs::read_to_string(root.join(self.requirements))
            .context("cannot read the pinned versions")?;
        // What was installed last: written only when it succeeded.
        let stamp = folder.join("requirements.txt");
        let installed = std::fs::read_to_string(&stamp);
        if python.exists() && installed.is_ok_and(|installed| installed == wanted) {
            return Ok(programs);
        }
        let words = ["-m", "venv", self.folder];
        if !process::show(root, "python3", &words, &[])?.success {
            bail!(
                "cannot make {} (Debian: apt-get install python3-venv)",
                self.folder
            );
        }
        let words = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--retries",
            "2",
            "-r",
            self.requirements,
        ];
        if !process::show(root, &python.to_string_lossy(), &words, &[])?.success {
            bail!("pip could not install {}", self.requirements);
        }
        std::fs::write(&stamp, wanted).context("cannot note what was installed")?;
        Ok(programs)
    }

    /// Its Python, made first where needed.
    ///
    /// # Errors
    ///
    /// As [`Environment::programs`].
    pub(crate) fn python(&self, root: &Path) -> Result<PathBuf> {
        Ok(self.programs(root)?.join(PYTHON))
    }
}

const PYTHON: &str = if cfg!(windows) {
    "python.exe"
} else {
    "python"
};
