/** JSON parsed without losing digits: numbers that JavaScript would change stay as they are written. */

interface Exact {
    parse(text: string, reviver: (key: string, value: unknown, context?: { source?: string }) => unknown): unknown;
    rawJSON?(text: string): object;
    isRawJSON?(value: unknown): boolean;
}

const exact = JSON as unknown as Exact; // of 2023: VS Code's runtime has them, TypeScript's types don't

/** Parse JSON; `JSON.stringify` writes numbers as they were. Throws SyntaxError. */
export function parseExact(text: string): unknown {
    return exact.parse(text, (_, value, context) => {
        const source = context?.source;
        const changes = typeof value === 'number' && source !== undefined && String(value) !== source;
        return changes && exact.rawJSON ? exact.rawJSON(source) : value;
    });
}

/** Whether a value is a number that stays as it was written. */
export function isNumber(value: unknown): boolean {
    return typeof value === 'number' || (exact.isRawJSON?.(value) ?? false);
}
