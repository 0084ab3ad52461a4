//! The cache of metrics.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

use crate::Result;

/// A cache of values that are computed on first use.
pub(super) struct Cache<K, V>(RefCell<HashMap<K, Rc<V>>>);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: Eq + Hash, V> Cache<K, V> {
    /// Returns the value of a key, which is computed on first use.
    ///
    /// # Errors
    /// Those of the computation.
    pub(super) fn get_or_compute(
        &self,
        key: K,
        compute: impl FnOnce() -> Result<V>,
    ) -> Result<Rc<V>> {
        if let Some(value) = self.0.borrow().get(&key) {
            return Ok(value.clone());
        }
        let value = Rc::new(compute()?);
        self.0.borrow_mut().insert(key, value.clone());
        Ok(value)
    }
}
