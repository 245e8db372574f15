//! What a layer asks of a principal beyond being one.

use std::sync::Arc;

use service_accounts::{
    Principal,
    access::{Permission, TeamName},
};

use crate::{Gate, Problem, RequestHead};

/// A permission, and how the team that owns what is asked for is found.
#[derive(Clone)]
pub(crate) struct Requirement<P: Permission> {
    gate: Gate<P>,
    permission: P,
    team: Arc<TeamOf>,
}

/// Finds the team that owns what a request is about.
pub(crate) type TeamOf = dyn Fn(RequestHead<'_>) -> Result<Option<TeamName>, Problem> + Send + Sync;

impl<P: Permission> Requirement<P> {
    pub(crate) fn new(gate: Gate<P>, permission: P, team: Arc<TeamOf>) -> Self {
        Self { gate, permission, team }
    }

    pub(crate) fn check(&self, principal: &Principal<P>, head: RequestHead<'_>) -> Result<(), Problem> {
        let team = (self.team)(head)?;
        self.gate.authorize(principal, self.permission, team.as_ref())
    }
}

impl<P: Permission> std::fmt::Debug for Requirement<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Requirement").field("permission", &self.permission.name()).finish_non_exhaustive()
    }
}
