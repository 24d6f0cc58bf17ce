import type { Report } from "../Report.ts"

export const htmlOf = (report: Report): string => `<pre>${JSON.stringify(report)}</pre>`
