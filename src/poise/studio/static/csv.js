// The numbers behind a chart as a file: a button beside it, and what the file holds.

import { make } from "./dom.js";

/** A button that hands the person `name`; `table()` gives its rows, the first of them the names of the columns. */
export function createCsv(name, table) {
  const button = make("button", { type: "button", class: "link-button csv", text: "CSV", title: "The data of this chart as a file", "aria-label": `CSV: ${name}` });
  button.addEventListener("click", () => download(name, csvOf(table())));
  return button;
}

/** Rows as text: what is missing stays empty, what holds a comma, a quote or a line's end stands in quotes. */
export function csvOf(rows) {
  return `${rows.map((row) => row.map(cellOf).join(",")).join("\n")}\n`;
}

function cellOf(value) {
  if (typeof value !== "string") return value ?? "";
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value; // no spreadsheet takes a name for a formula
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = make("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
