// Package viewmodel is what the window shows, without the window: rows, labels,
// filters, the settings form with its errors, the header of each state, and the
// session that follows an engine. It knows no toolkit.
package viewmodel
