/** Cents as people write dollars: `$5.99`, `−$12.00`. */
export function dollars(cents: number): string {
  const sign = cents < 0 ? "−" : "";
  const whole = Math.floor(Math.abs(cents) / 100);
  const rest = String(Math.abs(cents) % 100).padStart(2, "0");
  return `${sign}$${whole.toLocaleString("en-US")}.${rest}`;
}

/** A difference, with its sign: `+$1.19`. */
export function dollarsMore(cents: number): string {
  return cents > 0 ? `+${dollars(cents)}` : dollars(cents);
}
