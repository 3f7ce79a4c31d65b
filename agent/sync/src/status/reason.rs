//! The reasons of conditions and events: stable words that machines read.

/// Why a condition is as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reason {
    /// The spec is wrong.
    InvalidSpec,
    /// The layers depend on each other in a circle.
    DependencyCycle,
    /// A layer that comes first is not there yet.
    DependencyNotReady,
    /// Nothing is written until somebody takes that back.
    Suspended,
    /// The Secret of the source's credentials is missing or wrong.
    InvalidCredentials,
    /// The source cannot be read: the word says why, and the flag whether that may pass by itself.
    Source(&'static str, Passing),
    /// The path is not in the revision.
    PathNotFound,
    /// The files cannot be rendered.
    RenderFailed,
    /// The path renders to no object.
    EmptyLayer,
    /// A run goes on, or is about to begin.
    Progressing,
    /// Every object is applied and healthy.
    Healthy,
    /// Every object is as its spec says.
    Current,
    /// Some objects are on their way.
    InProgress,
    /// Some objects failed.
    Failed,
    /// Something failed or is set aside; the rest is applied.
    Degraded,
    /// The run stopped.
    RunFailed,
    /// An object may not be written.
    ObjectBlocked,
    /// The plan waits for approval.
    AwaitsApproval,
    /// The plan is shown, and the layer only observes.
    ChangesPending,
    /// Objects that have left Git are held back.
    PruneBlocked,
    /// Nothing is blocked.
    NotBlocked,
    /// Others have changed objects, which are left so.
    Drifted,
    /// Somebody changes objects again and again.
    Contested,
    /// Every object is as it was applied.
    NotDrifted,
    /// The last run did not end well, and is tried again.
    WaitsToRetry,
    /// There is nothing to do.
    Done,
    /// The Layer is being deleted.
    Terminating,
    /// The Layer is deleted: what became of its objects.
    LayerDeleted,
    /// Nothing is known yet.
    Unknown,
}

/// Whether a problem may pass by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Passing {
    /// It may.
    Yes,
    /// Somebody must change something.
    No,
}

impl Reason {
    /// Returns the word that conditions, events and metrics carry.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InvalidSpec => "InvalidSpec",
            Self::DependencyCycle => "DependencyCycle",
            Self::DependencyNotReady => "DependencyNotReady",
            Self::Suspended => "Suspended",
            Self::InvalidCredentials => "InvalidCredentials",
            Self::Source(word, _) => word,
            Self::PathNotFound => "PathNotFound",
            Self::RenderFailed => "RenderFailed",
            Self::EmptyLayer => "EmptyLayer",
            Self::Progressing => "Progressing",
            Self::Healthy => "Healthy",
            Self::Current => "Current",
            Self::InProgress => "InProgress",
            Self::Failed => "Failed",
            Self::Degraded => "Degraded",
            Self::RunFailed => "RunFailed",
            Self::ObjectBlocked => "ObjectBlocked",
            Self::AwaitsApproval => "AwaitsApproval",
            Self::ChangesPending => "ChangesPending",
            Self::PruneBlocked => "PruneBlocked",
            Self::NotBlocked => "NotBlocked",
            Self::Drifted => "Drifted",
            Self::Contested => "Contested",
            Self::NotDrifted => "NotDrifted",
            Self::WaitsToRetry => "WaitsToRetry",
            Self::Done => "Done",
            Self::Terminating => "Terminating",
            Self::LayerDeleted => "LayerDeleted",
            Self::Unknown => "Unknown",
        }
    }

    /// Tells whether somebody must change something before the layer can go on.
    pub(crate) fn is_lasting(self) -> bool {
        !matches!(
            self,
            Self::DependencyNotReady | Self::Terminating | Self::Source(_, Passing::Yes)
        )
    }

    /// Tells whether the layer waits for somebody or something else.
    pub(crate) fn is_block(self) -> bool {
        matches!(self, Self::DependencyNotReady | Self::DependencyCycle)
    }
}
