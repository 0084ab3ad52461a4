//! Facts as frames.

use polars::prelude::*;

use super::input::Facts;
use crate::Result;
use crate::dates::TIME;

impl Facts {
    /// Returns the users as a frame, sorted by id: `user`, `signup_at`, and a column for each
    /// dimension.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn users(&self) -> Result<DataFrame> {
        self.users.frame()
    }

    /// Returns the events as a frame in memory, sorted by user and time: `user`, `at`, `kind`,
    /// `volume_usd`, `revenue_usd`, `is_reversal`.
    ///
    /// # Errors
    /// When the events cannot be read, or the frame cannot be made.
    pub fn events(&self) -> Result<DataFrame> {
        let (mut users, mut at, mut kinds) = (Vec::<u32>::new(), Vec::new(), Vec::new());
        let (mut volumes, mut revenues, mut reversals) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..self.events.chunks() {
            let chunk = self.events.chunk(number)?;
            for local in 0..chunk.users() {
                let user = chunk.user(local);
                let position = u32::try_from(user.user).unwrap_or(u32::MAX);
                for event in user.iter() {
                    users.push(position);
                    at.push(event.at);
                    kinds.push(self.events.kinds.name(event.kind()));
                    volumes.push(event.volume_usd);
                    revenues.push(event.revenue_usd);
                    reversals.push(event.is_reversal());
                }
            }
        }
        let columns = vec![
            self.users.ids.select(&users).to_column(),
            Column::new("at".into(), at).cast(&TIME)?,
            Column::new("kind".into(), kinds),
            Column::new("volume_usd".into(), volumes),
            Column::new("revenue_usd".into(), revenues),
            Column::new("is_reversal".into(), reversals),
        ];
        Ok(DataFrame::new(users.len(), columns)?)
    }
}
