//! Requests in a line, linked through themselves: taking one out of the middle is as cheap as one end.

/// Where requests keep the links of the line that they stand in.
pub trait Links {
    /// Neighbours of a request: who stands before it and who behind; [`NOBODY`] at the ends.
    fn links(&self, who: u32) -> (u32, u32);
    /// Sets who stands before a request.
    fn set_before(&mut self, who: u32, before: u32);
    /// Sets who stands behind a request.
    fn set_behind(&mut self, who: u32, behind: u32);
}

/// In place of a request where there is none.
pub const NOBODY: u32 = u32::MAX;

/// A line of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    head: u32,
    tail: u32,
    len: u32,
}

impl Default for Line {
    /// Nobody waits.
    fn default() -> Self {
        Self::EMPTY
    }
}

fn some(who: u32) -> Option<u32> {
    (who != NOBODY).then_some(who)
}

impl Line {
    /// Nobody waits.
    pub const EMPTY: Self = Self {
        head: NOBODY,
        tail: NOBODY,
        len: 0,
    };

    /// How many wait.
    #[inline]
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.len
    }

    /// The first.
    #[inline]
    #[must_use]
    pub fn first(&self) -> Option<u32> {
        some(self.head)
    }

    /// The last.
    #[inline]
    #[must_use]
    pub fn last(&self) -> Option<u32> {
        some(self.tail)
    }

    /// Puts a request at the end.
    #[inline]
    pub fn push(&mut self, links: &mut impl Links, who: u32) {
        self.push_behind(links, self.tail, who);
    }

    /// Puts a request behind one that is in it; behind [`NOBODY`] it is the first.
    #[inline]
    pub fn push_behind(&mut self, links: &mut impl Links, before: u32, who: u32) {
        let behind = match some(before) {
            Some(before) => links.links(before).1,
            None => self.head,
        };
        links.set_before(who, before);
        links.set_behind(who, behind);
        match some(before) {
            Some(before) => links.set_behind(before, who),
            None => self.head = who,
        }
        match some(behind) {
            Some(behind) => links.set_before(behind, who),
            None => self.tail = who,
        }
        self.len += 1;
    }

    /// Takes a request out, wherever it stands.
    #[inline]
    pub fn remove(&mut self, links: &mut impl Links, who: u32) {
        let (before, behind) = links.links(who);
        match some(before) {
            Some(before) => links.set_behind(before, behind),
            None => self.head = behind,
        }
        match some(behind) {
            Some(behind) => links.set_before(behind, before),
            None => self.tail = before,
        }
        self.len -= 1;
    }

    /// Takes the first.
    #[inline]
    pub fn pop_front(&mut self, links: &mut impl Links) -> Option<u32> {
        let first = self.first()?;
        self.remove(links, first);
        Some(first)
    }

    /// Takes the last.
    #[inline]
    pub fn pop_back(&mut self, links: &mut impl Links) -> Option<u32> {
        let last = self.last()?;
        self.remove(links, last);
        Some(last)
    }
}
