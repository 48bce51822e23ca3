//! Where do a model's files come from: a folder, or the program itself?

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use crate::Error;

/// The largest text file (configuration, tokenizer, index) that is read into memory.
const LARGEST_TEXT: u64 = 512 << 20;

/// A model's files built into the program.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddedModel {
    /// The name users call it by.
    pub name: &'static str,
    /// File names and contents, as they would lie in a folder.
    pub files: &'static [(&'static str, &'static [u8])],
}

/// Where a model's files lie.
#[derive(Clone, Debug)]
pub enum Source {
    /// A folder in Hugging Face layout.
    Folder(PathBuf),
    /// One GGUF file, which holds everything.
    Gguf(PathBuf),
    /// Files built into the program.
    Embedded(&'static EmbeddedModel),
}

impl Source {
    /// The model's name: the folder's last part, the file's without its ending, or the built-in name.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Source::Folder(folder) => folder.file_name().map_or_else(
                || folder.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            ),
            Source::Gguf(file) => file.file_stem().map_or_else(
                || file.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            ),
            Source::Embedded(model) => model.name.to_owned(),
        }
    }

    /// How messages name one of its files.
    #[must_use]
    pub fn path(&self, file: &str) -> PathBuf {
        match self {
            Source::Folder(folder) => folder.join(file),
            Source::Gguf(path) => path.clone(),
            Source::Embedded(model) => Path::new("built-in").join(model.name).join(file),
        }
    }

    /// Whether there is such a file.
    #[must_use]
    pub fn has(&self, file: &str) -> bool {
        match self {
            Source::Folder(folder) => folder.join(file).exists(),
            Source::Gguf(_) => false,
            Source::Embedded(model) => model.files.iter().any(|(name, _)| *name == file),
        }
    }

    /// A text file's bytes.
    pub(crate) fn read(&self, file: &str) -> Result<Cow<'static, [u8]>, Error> {
        if let Source::Embedded(_) = self {
            return self.embedded(file).map(Cow::Borrowed);
        }
        let (mut handle, size) = self.open(file)?;
        if size > LARGEST_TEXT {
            return Err(self.unreadable(file, std::io::ErrorKind::FileTooLarge.into()));
        }
        let mut bytes = Vec::new();
        // Never more than the limit, whatever happens to the file meanwhile.
        match handle.by_ref().take(LARGEST_TEXT).read_to_end(&mut bytes) {
            Ok(_) => Ok(Cow::Owned(bytes)),
            Err(source) => Err(self.unreadable(file, source)),
        }
    }

    /// The first bytes of a weight file, as many as asked for or as there are, in memory of their own: what a
    /// header says is checked first and relied upon later, so it must not change in between.
    pub(crate) fn head(&self, file: &str, count: usize) -> Result<Cow<'static, [u8]>, Error> {
        if let Source::Embedded(_) = self {
            let bytes = self.embedded(file)?;
            return Ok(Cow::Borrowed(bytes.get(..count).unwrap_or(bytes)));
        }
        let (handle, _) = self.open(file)?;
        let mut bytes = Vec::new();
        match handle.take(count as u64).read_to_end(&mut bytes) {
            Ok(_) => Ok(Cow::Owned(bytes)),
            Err(source) => Err(self.unreadable(file, source)),
        }
    }

    /// A weight file's bytes, without reading them yet.
    pub(crate) fn map(&self, file: &str) -> Result<Bytes, Error> {
        if let Source::Embedded(_) = self {
            return self.embedded(file).map(Bytes::Static);
        }
        let (handle, size) = self.open(file)?;
        if size == 0 {
            return Ok(Bytes::Static(&[]));
        }
        #[expect(unsafe_code, reason = "weights of many gigabytes must not be copied")]
        // SAFETY: strictly, nobody may change the file while it is mapped, and no program can see to that. What
        // is borrowed from the map are numbers and nothing else (headers are read, see `head`): every pattern
        // of bits is a valid one, no index or length is taken from them, and nothing that was checked in them is
        // relied upon later. So a file that another process writes to gives other numbers, and one that it cuts
        // short ends this process with a signal, as it does for every program that maps weights.
        let map = unsafe { Mmap::map(&handle) };
        match map {
            Ok(map) => Ok(Bytes::Mapped(map)),
            Err(source) => Err(self.unreadable(file, source)),
        }
    }

    /// An ordinary file of a folder and its size; a pipe or a device would block or never end.
    fn open(&self, file: &str) -> Result<(File, u64), Error> {
        let path = self.path(file);
        let metadata = match std::fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::Missing { file: path });
            }
            Err(source) => return Err(self.unreadable(file, source)),
        };
        if !metadata.is_file() {
            let source = std::io::Error::other("it is not an ordinary file");
            return Err(self.unreadable(file, source));
        }
        match File::open(&path) {
            Ok(handle) => Ok((handle, metadata.len())),
            Err(source) => Err(self.unreadable(file, source)),
        }
    }

    fn embedded(&self, file: &str) -> Result<&'static [u8], Error> {
        let files = match self {
            Source::Embedded(model) => model.files,
            Source::Folder(_) | Source::Gguf(_) => &[],
        };
        match files.iter().find(|(name, _)| *name == file) {
            Some((_, bytes)) => Ok(bytes),
            None => Err(Error::Missing {
                file: self.path(file),
            }),
        }
    }

    fn unreadable(&self, file: &str, source: std::io::Error) -> Error {
        Error::Unreadable {
            file: self.path(file),
            source,
        }
    }
}

/// The bytes of a file, or of what was made of one.
#[derive(Debug)]
pub(crate) enum Bytes {
    Static(&'static [u8]),
    Mapped(Mmap),
    Floats(Vec<f32>),
}

impl Bytes {
    /// The bytes of some numbers.
    pub(crate) fn of_floats(numbers: &[f32]) -> Bytes {
        Bytes::Floats(numbers.to_vec())
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Static(bytes) => bytes,
            Bytes::Mapped(map) => map,
            Bytes::Floats(numbers) => bytemuck::cast_slice(numbers),
        }
    }
}
