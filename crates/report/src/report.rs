//! The report: the answers to all pages, as one HTML page.

use serde::Serialize;

use crate::answer::{Dataset, answer_from};
use crate::metrics::Metrics;
use crate::{Answer, Page, Panel, Parameters, Provenance, Question, Result, html};

/// The answers to all pages.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// What the numbers are computed from.
    pub provenance: Provenance,
    /// One answer a page, in the order of [`Page::ALL`].
    pub answers: Vec<Answer>,
}

impl Report {
    /// Answers all pages. Each page takes those of the parameters that it knows.
    ///
    /// # Errors
    /// As for [`answer`](crate::answer).
    pub fn new(dataset: Dataset<'_>, parameters: &Parameters) -> Result<Self> {
        let metrics = Metrics::new(dataset.facts, dataset.provenance, parameters);
        let answers = Page::ALL.into_iter().map(|page| {
            answer_from(&metrics, &Question::new(page).with_parameters(parameters.of(page)))
        });
        let answers = answers.collect::<Result<_>>()?;
        Ok(Self { provenance: dataset.provenance.clone(), answers })
    }

    /// Returns the answer of a page.
    pub fn answer(&self, page: Page) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.question.page == page)
    }

    /// Returns the panel called `id`, whichever page it is on.
    pub fn panel(&self, id: &str) -> Option<&Panel> {
        self.answers.iter().find_map(|answer| answer.panel(id))
    }

    /// Returns the insights of all pages in a sentence or two each, plain text: who becomes a
    /// high-volume trader, who leaves, what users are worth.
    pub fn insights(&self) -> Vec<&str> {
        self.answers.iter().flat_map(|answer| &answer.insights).map(String::as_str).collect()
    }

    /// Renders the page: one HTML file that holds all it needs.
    ///
    /// # Errors
    /// When the page cannot be rendered.
    pub fn to_html(&self) -> Result<String> {
        html::page(self)
    }
}
