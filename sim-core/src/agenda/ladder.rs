//! The ladder: keys in buckets by the 6-bit digits of their time.
//!
//! A key lies on the level of the highest digit in which its time differs from `base`, in the
//! bucket of its own digit there. All keys of a level are earlier than those of the levels above
//! it, so the first bucket of the lowest level in use is the earliest.
//!
//! Buckets are lists of chunks from one pool: in the steady state nothing is allocated. Complexity: O(1)
//! per push, O(1) to find the earliest bucket.

/// Bits of time per level of the ladder.
pub(super) const DIGIT: u32 = 6;
/// Eleven levels hold 64 bits; sixteen let the compiler see that no index is out of bounds.
const LEVELS: usize = 16;
const BUCKETS: usize = LEVELS << DIGIT;
/// Keys per chunk of a bucket.
const CHUNK: usize = 32;
/// No chunk.
const END: u32 = u32::MAX;

/// A list of chunks; only the first one may be partly filled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    head: u32,
    count: u32,
}

impl Bucket {
    /// How many keys it holds.
    #[inline]
    pub(super) fn len(self) -> usize {
        self.count as usize
    }

    /// How many keys the first chunk holds; not for an empty bucket.
    #[inline]
    fn filled(self) -> usize {
        (self.count as usize - 1) % CHUNK + 1
    }
}

/// The ladder's buckets, their keys in chunks from one pool.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    /// Every key in a bucket is at or after it.
    pub(super) base: u64,
    /// Which levels hold a key.
    levels: u32,
    /// Which buckets of a level hold a key.
    occupied: [u64; LEVELS],
    buckets: Box<[Bucket; BUCKETS]>,
    pool: Vec<[u128; CHUNK]>,
    next: Vec<u32>,
    free: u32,
}

impl Ladder {
    pub(super) fn new() -> Self {
        let empty = Bucket {
            head: END,
            count: 0,
        };
        Self {
            base: 0,
            levels: 0,
            occupied: [0; LEVELS],
            buckets: Box::new([empty; BUCKETS]),
            pool: Vec::new(),
            next: Vec::new(),
            free: END,
        }
    }

    #[inline]
    pub(super) fn push(&mut self, key: u128) {
        let time = (key >> 64) as u64;
        debug_assert!(
            time >= self.base,
            "the ladder holds nothing before its base"
        );
        let level = (63 - ((time ^ self.base) | 1).leading_zeros()) / DIGIT;
        let digit = (time >> (level * DIGIT)) & 63;
        let level = level as usize % LEVELS;
        self.levels |= 1 << level;
        self.occupied[level] |= 1 << digit;
        let index = level * 64 + digit as usize;
        let at = self.buckets[index % BUCKETS].count as usize % CHUNK;
        if at == 0 {
            self.extend(index);
        }
        let bucket = &mut self.buckets[index % BUCKETS];
        bucket.count += 1;
        self.pool[bucket.head as usize][at] = key;
    }

    /// Puts an empty chunk in front of a bucket.
    fn extend(&mut self, index: usize) {
        let bucket = &mut self.buckets[index % BUCKETS];
        let chunk = if self.free == END {
            grow(&mut self.pool, [0; CHUNK]);
            grow(&mut self.next, END);
            u32::try_from(self.pool.len() - 1).expect("fewer chunks than slots")
        } else {
            self.free
        };
        self.free = if chunk == self.free {
            self.next[chunk as usize]
        } else {
            END
        };
        self.next[chunk as usize] = bucket.head;
        bucket.head = chunk;
    }

    /// The earliest bucket: its level, its digit, and the first time that belongs to it.
    #[inline]
    pub(super) fn first(&self) -> Option<(u32, u64, u64)> {
        if self.levels == 0 {
            return None;
        }
        let level = self.levels.trailing_zeros();
        let digit = u64::from(self.occupied[level as usize].trailing_zeros());
        let shift = level * DIGIT;
        let above = u64::MAX.checked_shl(shift + DIGIT).unwrap_or(0);
        Some((level, digit, (self.base & above) | (digit << shift)))
    }

    /// Marks the bucket as empty and hands out what it held.
    pub(super) fn detach(&mut self, level: u32, digit: u64) -> Bucket {
        let level = level as usize;
        self.occupied[level] &= !(1 << digit);
        if self.occupied[level] == 0 {
            self.levels &= !(1 << level);
        }
        let bucket = &mut self.buckets[level * 64 + digit as usize];
        std::mem::replace(
            bucket,
            Bucket {
                head: END,
                count: 0,
            },
        )
    }

    /// Hands the first chunk of a detached bucket back to the pool; `filled` keys were in it.
    #[inline]
    fn release(&mut self, bucket: &mut Bucket, filled: usize) {
        let chunk = bucket.head;
        bucket.count -= filled as u32;
        bucket.head = self.next[chunk as usize];
        self.next[chunk as usize] = self.free;
        self.free = chunk;
    }

    /// Moves the keys of a detached bucket to the levels below.
    pub(super) fn spread(&mut self, mut bucket: Bucket) {
        while bucket.count > 0 {
            let filled = bucket.filled();
            // The next chunk is on its way while this one is dealt with.
            if let Some(next) = self.pool.get(self.next[bucket.head as usize] as usize) {
                next.iter().step_by(4).for_each(prefetch);
            }
            for at in 0..filled {
                self.push(self.pool[bucket.head as usize][at]);
            }
            self.release(&mut bucket, filled);
        }
    }

    /// Appends the keys of a detached bucket to a list.
    pub(super) fn collect(&mut self, mut bucket: Bucket, keys: &mut Vec<u128>) {
        while bucket.count > 0 {
            let filled = bucket.filled();
            keys.extend_from_slice(&self.pool[bucket.head as usize][..filled]);
            self.release(&mut bucket, filled);
        }
    }

    /// Whether no bucket holds a key.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.levels == 0
    }

    /// How many keys a bucket holds.
    #[inline]
    pub(super) fn count(&self, level: u32, digit: u64) -> usize {
        self.buckets[level as usize * 64 + digit as usize].len()
    }

    /// Bytes held, spare capacity included.
    pub(super) fn memory(&self) -> usize {
        self.pool.capacity() * size_of::<[u128; CHUNK]>()
            + self.next.capacity() * size_of::<u32>()
            + self.fixed_memory()
    }

    /// Bytes held even without any key.
    pub(super) fn fixed_memory(&self) -> usize {
        size_of::<[Bucket; BUCKETS]>()
    }

    /// Every key, in no particular order.
    pub(super) fn keys(&self) -> impl Iterator<Item = u128> + '_ {
        self.buckets.iter().flat_map(move |bucket| {
            let (mut head, mut count) = (bucket.head, bucket.count as usize);
            std::iter::from_fn(move || {
                if count == 0 {
                    return None;
                }
                let at = (count - 1) % CHUNK;
                let key = self.pool[head as usize][at];
                count -= 1;
                if at == 0 {
                    head = self.next[head as usize];
                }
                Some(key)
            })
        })
    }
}

/// Asks for a cache line ahead of its use; where the machine cannot, does nothing.
///
/// With a million events pending the queue waits for memory: 53 ns for a pop and push without this
/// hint, 38 with it, and safe Rust has no way to give it.
#[inline(always)]
#[allow(unsafe_code)]
pub(super) fn prefetch<T>(item: &T) {
    // Safety: a hint without any effect on the program, and the address is that of a reference.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(item).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = item;
}

/// Appends, growing a long vector by a quarter rather than to double its size.
pub(super) fn grow<T>(list: &mut Vec<T>, item: T) {
    if list.len() == list.capacity() && list.len() >= 4096 {
        list.reserve_exact(list.len() / 4);
    }
    list.push(item);
}
