//! Scanning what does not fit into memory.

use std::io::{self, ErrorKind, Read};
use std::vec::{self, Vec};

use super::{FoundToken, Scanner};

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;

impl Scanner {
    /// Finds tokens in all that a reader gives, wherever its pieces end.
    ///
    /// It holds 64 KiB and the length of a token, however long the input is.
    #[cfg_attr(docsrs, doc(cfg(feature = "std")))]
    pub fn scan_reader<R: Read>(&self, reader: R) -> ScanReader<R> {
        let buffer = std::vec![0; CHUNK + self.vendor.token_len()];
        ScanReader { scanner: *self, reader, buffer, filled: 0, before: 0, found: Vec::new().into_iter() }
    }
}

/// Tokens found in what a reader gives; an error of the reader is handed on, and reading goes on after it.
#[derive(Debug)]
pub struct ScanReader<R> {
    scanner: Scanner,
    reader: R,
    /// The last bytes of what was scanned, where a token may have begun, and what is read after them.
    buffer: Vec<u8>,
    filled: usize,
    /// Bytes of the input before those in the buffer.
    before: u64,
    found: vec::IntoIter<FoundToken>,
}

impl<R: Read> Iterator for ScanReader<R> {
    type Item = io::Result<FoundToken>;

    fn next(&mut self) -> Option<io::Result<FoundToken>> {
        loop {
            if let Some(found) = self.found.next() {
                return Some(Ok(found));
            }
            match self.read_on() {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl<R: Read> ScanReader<R> {
    fn read_on(&mut self) -> io::Result<usize> {
        self.forget_scanned();
        let read = self.reader.read(self.buffer.get_mut(self.filled..).unwrap_or_default())?;
        self.filled = self.filled.saturating_add(read).min(self.buffer.len());
        let before = self.before;
        let found = self.scanner.scan(self.buffer.get(..self.filled).unwrap_or_default());
        let found = found.map(|found| FoundToken { offset: before.saturating_add(found.offset), ..found });
        self.found = found.collect::<Vec<_>>().into_iter();
        Ok(read)
    }

    /// Keeps only what a token may begin in, one byte less than a token, so that none is found twice.
    fn forget_scanned(&mut self) {
        let kept = self.filled.min(self.scanner.vendor.token_len() - 1);
        let scanned = self.filled - kept;
        self.buffer.copy_within(scanned..self.filled, 0);
        self.filled = kept;
        self.before = self.before.saturating_add(u64::try_from(scanned).unwrap_or(u64::MAX));
    }
}
