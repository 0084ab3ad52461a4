//! A program that runs the external source and sink through the pipeline.

use std::sync::Arc;

use tidegauge::pipeline::{Pipeline, Silent};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sink = Arc::new(port::Memory::default());
    let pipeline = Pipeline::new().source(Arc::new(port::Squares::new()?)).sink(sink.clone());
    pipeline.run(&Silent).await?;
    pipeline.run(&Silent).await?;
    println!("{} rows", sink.rows());
    assert_eq!(sink.rows(), 30, "each row once");
    Ok(())
}
