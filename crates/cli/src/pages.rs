//! In pages of what size does the kernel give us memory?

/// Asks for small pages only, for work that takes and gives back memory all the time, a tree after a tree: a large
/// page is cleared whole before a byte of it is used, which took a fifth of a scan's time and doubled its memory.
/// Programs that are started inherit it. Where the kernel does not know the request, nothing is lost.
pub(crate) fn keep_small() {
    #[cfg(target_os = "linux")]
    if rustix::thread::disable_transparent_huge_pages(true).is_err() {
        // An older kernel: the pages stay as they are.
    }
}
