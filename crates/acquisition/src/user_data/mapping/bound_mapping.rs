//! A mapping bound to the columns of a file or a query.

/// The indexes of the fields of a row that fill the columns of the table, and of those that
/// conditions refer to.
#[derive(Debug, Clone, Default)]
pub(crate) struct BoundMapping {
    pub(super) slots: Vec<Slot>,
    /// The indexes of the parts of joined columns, in the order of the table.
    pub(super) joined: Vec<Vec<usize>>,
    /// The indexes of the fields that the conditions of `where` refer to, in their order.
    pub(super) filter: Vec<usize>,
    /// For each column of the table, the index of the field that its `negate` refers to.
    pub(super) negate: Vec<Option<usize>>,
    /// The columns of the table that are null or have their default, since no foreign column has
    /// that name.
    pub(super) missing: Vec<String>,
    /// Joined columns of the table, and their parts that are missing and left out.
    pub(super) missing_parts: Vec<(String, String)>,
    /// Names that were requested, and the similar ones that are used instead.
    alike: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Slot {
    Field(usize),
    /// The index of a joined field.
    Joined(usize),
    Null,
    Constant,
}

/// A use of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FieldUse {
    /// The index of the field.
    pub(crate) field: usize,
    /// The index of the table's column that the field fills; `None` if a condition refers to it.
    pub(crate) column: Option<usize>,
    /// Whether the field fills the column on its own, rather than as a part.
    pub(crate) is_whole: bool,
}

impl BoundMapping {
    /// Returns the columns of the table that are null or have their default, since no foreign
    /// column has that name.
    pub(crate) fn missing(&self) -> &[String] {
        &self.missing
    }

    /// Returns the names that were requested and not found, each with the one that differs only in
    /// case, accents or surrounding blanks and is used instead.
    pub(crate) fn alike(&self) -> &[(String, String)] {
        &self.alike
    }

    /// Returns the joined columns of the table that lack a part, each with that part.
    pub(crate) fn missing_parts(&self) -> &[(String, String)] {
        &self.missing_parts
    }

    /// Returns the uses of all fields.
    pub(crate) fn uses(&self) -> Vec<FieldUse> {
        let mut uses = Vec::with_capacity(self.slots.len());
        for (column, slot) in self.slots.iter().enumerate() {
            let column = Some(column);
            match slot {
                Slot::Field(field) => uses.push(FieldUse { field: *field, column, is_whole: true }),
                Slot::Joined(at) => uses.extend(self.joined[*at].iter().map(|field| FieldUse {
                    field: *field,
                    column,
                    is_whole: false,
                })),
                Slot::Null | Slot::Constant => {}
            }
        }
        let conditions = self.filter.iter().chain(self.negate.iter().flatten());
        uses.extend(conditions.map(|field| FieldUse {
            field: *field,
            column: None,
            is_whole: true,
        }));
        uses
    }

    /// Returns the projection: the sorted indexes of all fields that are used, without repetition.
    pub(crate) fn fields(&self) -> Vec<usize> {
        let mut fields: Vec<usize> = self.uses().iter().map(|used| used.field).collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// Returns the plan for rows that only have the fields with the indexes `fields`, which are
    /// sorted.
    pub(crate) fn projected(mut self, fields: &[usize]) -> Self {
        let place = |field: &mut usize| *field = fields.partition_point(|other| *other < *field);
        for slot in &mut self.slots {
            if let Slot::Field(field) = slot {
                place(field);
            }
        }
        self.joined.iter_mut().flatten().for_each(place);
        self.filter.iter_mut().chain(self.negate.iter_mut().flatten()).for_each(place);
        self
    }
}

impl BoundMapping {
    pub(super) fn found(&mut self, asked: &str, name: &str) {
        let is_new = || !self.alike.iter().any(|(other, _)| other == asked);
        if asked != name && is_new() {
            self.alike.push((asked.to_owned(), name.to_owned()));
        }
    }
}
