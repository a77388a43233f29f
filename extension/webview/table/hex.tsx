/** Bytes with their offsets and characters. */

import type { JSX } from 'preact';
import { t } from './host';

const ROW = 16;

export function Hex({ base64, from, size }: { base64: string; from: number; size: number }): JSX.Element {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += ROW) {
        const row = [...bytes.subarray(at, at + ROW)];
        const digits = row.map((byte) => byte.toString(16).padStart(2, '0'));
        const first = digits.slice(0, 8).join(' ').padEnd(23);
        const second = digits.slice(8).join(' ').padEnd(23);
        const letters = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));
        lines.push(`${(from + at).toString(16).padStart(8, '0')}  ${first}  ${second}  ${letters.join('')}`);
    }
    return (
        <>
            <pre class="hex" tabIndex={0} aria-label={t('Bytes in hexadecimal')}>
                {lines.join('\n')}
            </pre>
            {bytes.length < size && (
                <p class="note">
                    {t('The first {0} of {1} bytes.', bytes.length.toLocaleString(), size.toLocaleString())}
                </p>
            )}
        </>
    );
}
