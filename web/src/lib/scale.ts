export const scoreWords = ["poor", "fair", "good", "very good", "excellent"] as const;
export type ScoreWord = (typeof scoreWords)[number];

/** Five words rather than false precision: 0–100 in fifths. */
export function scoreWord(score: number): ScoreWord {
  const step = Math.floor(Math.min(Math.max(score, 0), 99.999) / 20);
  return scoreWords[step] ?? "poor";
}

export type Confidence = "sure" | "likely" | "doubtful";

/** How sure the reader of a CV was of a value, 0–1, in a word. */
export function confidenceWord(confidence: number): Confidence {
  return confidence >= 0.85 ? "sure" : confidence >= 0.6 ? "likely" : "doubtful";
}
