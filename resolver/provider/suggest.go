package provider

import "strings"

// nearest returns the id of a known provider that s may have been meant for,
// or nothing where none is near.
func nearest(s string) string {
	if len(s) > 64 {
		return ""
	}
	s = squeeze(s)
	best, bestDistance := "", len(s)/3+1
	for _, p := range known {
		id := squeeze(p.ID)
		if d := min(distance(s, id), distance(s, squeeze(p.Name))); d < bestDistance {
			best, bestDistance = p.ID, d
		}
	}
	if best != "" || len(s) < 3 {
		return best
	}
	for _, p := range known {
		if strings.HasPrefix(squeeze(p.ID), s) {
			return p.ID
		}
	}
	return ""
}

// squeeze drops letter case and what people put between words.
func squeeze(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
}

// distance counts the bytes to insert, delete or replace to make b of a
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
