//! Functional forms written out as formulas.

use super::error::{FormulaError, quoted};

/// `log(y) ~ log(x1) + log(x2)`: the form of Cobb and Douglas (1928).
pub fn cobb_douglas(response: &str, inputs: &[String]) -> Result<String, FormulaError> {
    if response.is_empty() || inputs.is_empty() {
        return Err(FormulaError::EmptyNames { name: "inputs" });
    }
    let terms: Vec<String> = inputs.iter().map(|x| format!("log({})", quoted(x))).collect();
    Ok(format!("log({}) ~ {}", quoted(response), terms.join(" + ")))
}

/// [`cobb_douglas`] with halved squares and all products of logs: the transcendental-logarithmic
/// form of Christensen, Jorgenson and Lau (1973).
pub fn translog(response: &str, inputs: &[String]) -> Result<String, FormulaError> {
    let mut text = cobb_douglas(response, inputs)?;
    let logs: Vec<String> = inputs.iter().map(|x| format!("log({})", quoted(x))).collect();
    for log in &logs {
        text.push_str(" + I(1/2 * ");
        text.push_str(log);
        text.push_str("^2)");
    }
    for (i, a) in logs.iter().enumerate() {
        for b in &logs[i + 1..] {
            text.push_str(&[" + I(", a, " * ", b, ")"].concat());
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::Formula;

    #[test]
    fn forms_are_formulas() {
        let inputs = ["k".to_owned(), "my l".to_owned()];
        let text = translog("y", &inputs).unwrap();
        assert_eq!(
            text,
            "log(y) ~ log(k) + log(`my l`) + I(1/2 * log(k)^2) + I(1/2 * log(`my l`)^2) \
             + I(log(k) * log(`my l`))"
        );
        assert_eq!(Formula::parse(&text).unwrap().to_string(), text);
        assert!(cobb_douglas("y", &[]).is_err());
    }
}
