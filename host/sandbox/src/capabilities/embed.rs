//! `embed`: the host's sentence embeddings. The model runs beside the sandbox, so texts are limited here, not by fuel.

use caxton_embed::{Embedder, TEXTS_MAX};

use crate::store::CallState;
use crate::wit::embed::{Error, Host};

/// The most bytes of all texts of one request together: the host would otherwise read for nothing, as of each text only
/// the beginning counts.
const TEXT_BYTES_MAX: usize = 4 << 20;

impl Host for CallState {
    async fn vectors(&mut self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, Error> {
        let bytes = texts.iter().map(String::len).sum();
        self.paced(bytes).await;
        check(texts.len(), bytes)?;
        let vectors = self.embedder()?.embed_async(&texts).await.map_err(failed)?;
        Ok(vectors.iter().map(|vector| vector.to_vec()).collect())
    }

    async fn similarities(&mut self, text: String, others: Vec<String>) -> Result<Vec<f32>, Error> {
        let bytes = text.len() + others.iter().map(String::len).sum::<usize>();
        self.paced(bytes).await;
        check(others.len() + 1, bytes)?;
        self.embedder()?
            .similarities_async(&text, &others)
            .await
            .map_err(failed)
    }
}

impl CallState {
    fn embedder(&self) -> Result<Embedder, Error> {
        let embedder = self.component.shared.settings.embedder.clone();
        embedder.ok_or_else(|| Error::Unavailable("this host has no embedding model".to_owned()))
    }
}

fn check(texts: usize, bytes: usize) -> Result<(), Error> {
    if texts > TEXTS_MAX {
        return Err(Error::Limit(format!(
            "{texts} texts are too many for one request; at most {TEXTS_MAX} are allowed"
        )));
    }
    if bytes > TEXT_BYTES_MAX {
        return Err(Error::Limit(format!(
            "{bytes} bytes of text are too many for one request; at most {TEXT_BYTES_MAX} are allowed"
        )));
    }
    Ok(())
}

fn failed(error: caxton_embed::Error) -> Error {
    use caxton_embed::Error as E;
    match error {
        E::Busy { .. } | E::TooManyTexts { .. } => Error::Limit(error.to_string()),
        E::Unavailable(_) | E::Failed(_) => Error::Unavailable(error.to_string()),
    }
}
