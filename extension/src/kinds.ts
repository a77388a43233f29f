/** Icons for the types of values, as the server detects them. */

const ICONS: Record<string, string> = {
    json: 'json',
    text: 'file-text',
    html: 'file-code',
    xml: 'file-code',
    markdown: 'markdown',
    number: 'symbol-number',
    date: 'calendar',
    jwt: 'shield',
    base64: 'symbol-string',
    image: 'file-media',
    audio: 'unmute',
    video: 'device-camera-video',
    pdf: 'file-pdf',
    gzip: 'file-zip',
    zstd: 'file-zip',
    zip: 'file-zip',
    empty: 'circle-outline',
    damaged: 'warning',
};
const TEXT = ['text', 'json', 'html', 'xml', 'markdown', 'number', 'date', 'jwt', 'base64', 'empty'];

/** Return the name of the icon for a type of values. */
export function iconOf(type: string): string {
    return ICONS[type] ?? 'file-binary';
}

/** Whether values of a type open as images or bytes, and not as text. */
export function isShownAsBytes(type: string): boolean {
    return !TEXT.includes(type) && type !== 'damaged';
}
