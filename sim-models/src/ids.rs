//! What plans and worlds call their parts by: numbers that cannot be mistaken for each other, and lists that are
//! indexed by nothing but their own.
//!
//! An id is as wide as what keeps it needs (frames and events hold them by the million), and a [`TiVec`] is a `Vec`
//! in all but the type of its index: neither costs anything at run time.

pub use typed_index_collections::{TiSlice, TiVec};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($width:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name($width);

        impl $name {
            /// In place of one where there is none.
            pub const NONE: Self = Self(<$width>::MAX);

            /// The one with this number.
            #[inline]
            #[must_use]
            pub const fn new(number: $width) -> Self {
                Self(number)
            }

            /// Its number, from 0.
            #[inline]
            #[must_use]
            pub const fn number(self) -> $width {
                self.0
            }

            /// The one so many behind it.
            #[inline]
            #[must_use]
            pub const fn offset(self, by: $width) -> Self {
                Self(self.0 + by)
            }

            /// The one so many before it.
            #[inline]
            #[must_use]
            pub const fn back(self, by: $width) -> Self {
                Self(self.0 - by)
            }

            /// How many behind `first` it is.
            #[inline]
            #[must_use]
            pub const fn offset_from(self, first: Self) -> $width {
                self.0 - first.0
            }

            /// So many from it on.
            pub fn next(self, count: $width) -> impl DoubleEndedIterator<Item = Self> + Clone + use<> {
                (self.0..self.0 + count).map(Self)
            }
        }

        /// # Panics
        /// If there are more than can be told apart: what compiles a plan sees to it that there are not.
        impl From<usize> for $name {
            #[inline]
            fn from(number: usize) -> Self {
                Self(number.try_into().expect("no more than can be told apart"))
            }
        }

        impl From<$name> for usize {
            #[inline]
            fn from(id: $name) -> Self {
                id.0 as Self
            }
        }

        impl From<$name> for u64 {
            #[inline]
            fn from(id: $name) -> Self {
                Self::from(id.0)
            }
        }
    )*};
}

ids! {
    /// A service or a workload: everything that sends or answers requests.
    #[derive(Default)]
    PlaceId(u16);
    /// A service, by its place among the services.
    ServiceId(u16);
    /// A workload, by its place among the workloads.
    WorkloadId(u16);
    /// An instance of a service, or a workload as a caller.
    InstanceId(u32);
    /// A pool that each instance of a service has.
    #[derive(Default)]
    PoolId(u32);
    /// A pool of one instance.
    OwnPoolId(u32);
    /// A step of a service that keeps something in each of its instances.
    KeeperId(u32);
    /// What an instance keeps for such a step.
    OwnKeeperId(u32);
    /// An endpoint of a service.
    EndpointId(u32);
    /// Calls from a place to a service under one list of policies, or the door of a service.
    EdgeId(u32);
    /// A distribution that is drawn from.
    DistId(u32);
    /// An instruction of a program.
    CodeId(u32);
    /// A branch of a parallel step.
    BranchId(u32);
    /// An arm of a choice.
    ArmId(u32);
    /// A fault of the scenario.
    FaultId(u16);
    /// A controller.
    ControllerId(u16);
    /// What a controller may do, of its actions.
    ActionId(u16);
    /// A change that a controller may make to a plan.
    ChangeId(u16);
    /// A one-way connection.
    LinkId(u32);
}

impl From<ServiceId> for PlaceId {
    /// Services are the first of the places.
    #[inline]
    fn from(service: ServiceId) -> Self {
        Self(service.0)
    }
}

impl PlaceId {
    /// The service at this place; one that there is not if a workload is.
    #[inline]
    #[must_use]
    pub const fn service(self) -> ServiceId {
        ServiceId(self.0)
    }
}
