//! Answers: the panels, the key figures and the insights that a question asks for.

use serde::Serialize;
use tidegauge_analytics::Facts;

use crate::metrics::{Metrics, with_parameters};
use crate::{Error, Panel, Provenance, Question, Result, Tile, pages};

/// The input from which questions are answered.
#[derive(Debug, Clone, Copy)]
pub struct Dataset<'a> {
    /// The users and their events.
    pub facts: &'a Facts,
    /// The provenance of the facts.
    pub provenance: &'a Provenance,
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Answer {
    /// The question that is answered.
    pub question: Question,
    /// The key figures of the page; empty if a single panel was asked for.
    pub tiles: Vec<Tile>,
    /// The conclusions, one or two sentences of plain text each; empty if a single panel was asked
    /// for.
    pub insights: Vec<String>,
    /// The panels of the page, or the single one that was asked for.
    pub panels: Vec<Panel>,
}

impl Answer {
    /// Returns the panel called `id`, if the answer has it.
    pub fn panel(&self, id: &str) -> Option<&Panel> {
        self.panels.iter().find(|panel| panel.id == id)
    }
}

/// Answers a question. Only the metrics that the question needs are computed.
///
/// # Errors
/// [`Error::UnknownParameter`] if the page does not take a parameter that is set,
/// [`Error::UnknownPanel`] if it has no such panel, [`Error::UnknownDimension`] if the users lack the
/// dimension of a cohort, [`Error::OtherEnd`] if the facts do not end where the parameters do, and
/// [`Error::Analytics`] if a parameter is out of range or a metric cannot be computed.
pub fn answer(dataset: Dataset<'_>, question: &Question) -> Result<Answer> {
    question.check()?;
    let facts = with_parameters(dataset.facts, &question.parameters)?;
    let metrics = Metrics::new(&facts, dataset.provenance, &question.parameters);
    metrics.check()?;
    answer_from(&metrics, question)
}

/// Answers a question from metrics that are shared with other answers.
pub(crate) fn answer_from(metrics: &Metrics<'_>, question: &Question) -> Result<Answer> {
    let page = question.page;
    let mut specs = pages::panels(page, metrics);
    if let Some(id) = &question.panel {
        let known = specs.iter().map(|spec| spec.id.clone()).collect();
        specs.retain(|spec| spec.id == *id);
        if specs.is_empty() {
            return Err(Error::UnknownPanel { page, id: id.clone(), known });
        }
    }
    let whole = question.panel.is_none();
    let words = metrics.words();
    let panels = specs.iter().map(|spec| Ok(words.of_panel(spec.build(metrics)?)));
    Ok(Answer {
        question: question.clone(),
        tiles: if whole { words.of_tiles(pages::tiles(page, metrics)?) } else { Vec::new() },
        insights: if whole { pages::insights(page, metrics)? } else { Vec::new() },
        panels: panels.collect::<Result<_>>()?,
    })
}
