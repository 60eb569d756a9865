/**
 * A text without any of these characters at its end. In one pass from behind: `/[…]+$/` would begin anew at each of them, wherever in
 * the text it stands, and a line of blanks that ends in a letter would cost the square of its length.
 */
export function withoutEnding(text: string, characters: string): string {
  let end = text.length
  while (end > 0 && characters.includes(text.charAt(end - 1))) end--
  return text.slice(0, end)
}
