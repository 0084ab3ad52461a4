//! The report: the answers to all pages, rendered as one HTML page.

use serde::Serialize;

use crate::answer::{Dataset, answer_from};
use crate::metrics::{Metrics, with_parameters};
use crate::{Answer, Page, Panel, Parameters, Provenance, Question, Result, html};

/// The questions that the report answers first, with the pages whose insights answer them.
const QUESTIONS: [(Page, &str); 4] = [
    (Page::Acquisition, "Which cohorts become high-volume traders?"),
    (Page::Retention, "Which cohorts churn, and which stay?"),
    (Page::Monetization, "What are users worth, and where should the next dollar go?"),
    (Page::Overview, "Are ramp-acquired users worth more?"),
];

/// A question with the insights that answer it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AnsweredQuestion<'a> {
    /// The question.
    pub question: String,
    /// The page with the figures behind the answer.
    pub page: Page,
    /// The insights, one or two sentences each.
    pub insights: &'a [String],
}

/// The answers to all pages.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The origin of the numbers.
    pub provenance: Provenance,
    /// One answer per page, in the order of [`Page::ALL`].
    pub answers: Vec<Answer>,
    /// The nominal level of the intervals, such as 0.9.
    pub level: f64,
    /// The calendar of days, weeks and months: `UTC, weeks from Mon`.
    pub calendar: String,
}

impl Report {
    /// Answers all pages. Each page uses only the parameters that it has.
    ///
    /// # Errors
    /// The same as for [`answer`](crate::answer).
    pub fn new(dataset: Dataset<'_>, parameters: &Parameters) -> Result<Self> {
        let facts = with_parameters(dataset.facts, parameters)?;
        let metrics = Metrics::new(&facts, dataset.provenance, parameters);
        metrics.check()?;
        let answers = Page::ALL.into_iter().map(|page| {
            answer_from(&metrics, &Question::new(page).with_parameters(parameters.for_page(page)))
        });
        let answers = answers.collect::<Result<_>>()?;
        let calendar = facts.calendar();
        Ok(Self {
            provenance: dataset.provenance.clone(),
            answers,
            level: facts.level(),
            calendar: format!("{}, weeks from {}", calendar.zone.name(), calendar.week_start),
        })
    }

    /// Returns the answer of a page.
    pub fn answer(&self, page: Page) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.question.page == page)
    }

    /// Returns the panel called `id`, on any page.
    pub fn panel(&self, id: &str) -> Option<&Panel> {
        self.answers.iter().find_map(|answer| answer.panel(id))
    }

    /// Returns the questions that the report answers first, each with its page and the insights
    /// that answer it; without those that the data say nothing of.
    pub fn answered(&self) -> Vec<AnsweredQuestion<'_>> {
        let words = self.provenance.vocabulary();
        let questions = QUESTIONS.into_iter().filter_map(|(page, question)| {
            let insights = self.answer(page)?.insights.as_slice();
            Some(AnsweredQuestion { question: words.say(question), page, insights })
        });
        questions.filter(|answered| !answered.insights.is_empty()).collect()
    }

    /// Returns the insights of all pages, one or two sentences of plain text each: which users
    /// become high-volume traders, which leave, what users are worth, and whether ramp-acquired ones
    /// are worth more.
    pub fn insights(&self) -> Vec<&str> {
        let answered = self.answered().into_iter().flat_map(|answered| answered.insights);
        answered.map(String::as_str).collect()
    }

    /// Renders the report as one self-contained HTML file.
    ///
    /// # Errors
    /// When the template cannot be rendered.
    pub fn to_html(&self) -> Result<String> {
        html::page(self)
    }
}
