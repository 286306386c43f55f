//! Reading the weights: a safetensors file with tensors in single or half precision, in any mixture; and making the half of
//! one.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::half;
use crate::source::Contents;
use crate::words::Words;

/// The tensors of a file.
pub(crate) struct Weights<'a> {
    file: &'a Contents,
    tensors: SafeTensors<'a>,
}

impl<'a> Weights<'a> {
    pub(crate) fn parse(file: &'a Contents) -> Result<Self, String> {
        let tensors = SafeTensors::deserialize(file).map_err(|error| error.to_string())?;
        Ok(Weights { file, tensors })
    }

    /// A tensor's numbers, row after row.
    pub(crate) fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let (tensor, half) = self.find(name, shape)?;
        let numbers = numbers(tensor.data(), half);
        if numbers.iter().any(|x| !x.is_finite()) {
            return Err(format!("{name} has a number that is not finite"));
        }
        Ok(numbers)
    }

    /// The table of the words, `[vocabulary, 384]`, left in its place.
    pub(crate) fn words(&self, name: &str, shape: &[usize]) -> Result<Words, String> {
        let (tensor, half) = self.find(name, shape)?;
        let data = tensor.data();
        let start = data.as_ptr() as usize - self.file.as_ptr() as usize;
        let place = start..start + data.len();
        Ok(Words::new(self.file.clone(), place, half))
    }

    /// A tensor of this shape, and whether it is in half precision.
    fn find(&self, name: &str, shape: &[usize]) -> Result<(TensorView<'_>, bool), String> {
        let tensor = self.tensors.tensor(name).map_err(|e| e.to_string())?;
        if tensor.shape() != shape {
            let found = tensor.shape();
            return Err(format!(
                "{name} has the shape {found:?}, and must have {shape:?}"
            ));
        }
        match tensor.dtype() {
            Dtype::F32 => Ok((tensor, false)),
            Dtype::F16 => Ok((tensor, true)),
            other => Err(format!("{name} is in {other:?}, and must be in F32 or F16")),
        }
    }
}

fn numbers(data: &[u8], half: bool) -> Vec<f32> {
    if half {
        let halves = data.as_chunks().0.iter();
        return halves
            .map(|bytes| match u16::from_le_bytes(*bytes) {
                bits if bits & half::INFINITE == half::INFINITE => f32::NAN,
                bits => half::to_single(bits),
            })
            .collect();
    }
    let singles = data.as_chunks().0.iter();
    singles.map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// Gives the model's weights at half their size: a safetensors file in which the matrices of `file` are in half precision.
/// Biases, norms and what is in another precision are kept as they are. Vectors made with the two files differ by less than
/// what single precision of other programs differs by: their cosine is above 0.999999.
///
/// # Errors
/// The file is no safetensors file, or has a number that half precision does not have; the message says where.
pub fn halved(file: &[u8]) -> Result<Vec<u8>, String> {
    let (_, metadata) = SafeTensors::read_metadata(file).map_err(|error| error.to_string())?;
    let tensors = SafeTensors::deserialize(file).map_err(|error| error.to_string())?;
    let mut halves = BTreeMap::new();
    for (name, tensor) in tensors.iter() {
        if tensor.dtype() != Dtype::F32 || tensor.shape().len() != 2 {
            continue;
        }
        let too_large = || format!("{name} has a number that half precision does not have");
        let mut data = Vec::with_capacity(tensor.data().len() / 2);
        for single in numbers(tensor.data(), false) {
            let half = half::from_single(single).ok_or_else(too_large)?;
            data.extend_from_slice(&half.to_le_bytes());
        }
        halves.insert(name.to_owned(), data);
    }
    let views = tensors.iter().map(|(name, tensor)| {
        let view = match halves.get(name) {
            Some(data) => TensorView::new(Dtype::F16, tensor.shape().to_vec(), data),
            None => Ok(tensor),
        };
        view.map(|view| (name, view))
    });
    let views: Vec<(&str, TensorView<'_>)> = views
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    safetensors::serialize(views, metadata.metadata().clone()).map_err(|e| e.to_string())
}
