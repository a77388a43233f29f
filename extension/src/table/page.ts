/** The HTML of a webview: one script and one style sheet, and nothing from elsewhere. */

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** Show the page of a bundle in `dist`. */
export function showPage(webview: vscode.Webview, extension: vscode.Uri, bundle: string): void {
    const dist = vscode.Uri.joinPath(extension, 'dist');
    webview.options = { enableScripts: true, localResourceRoots: [dist] };
    const nonce = randomBytes(16).toString('base64');
    const script = webview.asWebviewUri(vscode.Uri.joinPath(dist, `${bundle}.js`));
    const style = webview.asWebviewUri(vscode.Uri.joinPath(dist, `${bundle}.css`));
    const policy = [
        "default-src 'none'",
        `script-src 'nonce-${nonce}'`,
        `style-src ${webview.cspSource}`,
        'img-src data:',
    ].join('; ');
    webview.html = `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="stylesheet" href="${style}">
<title>KV Lens</title>
</head>
<body><script nonce="${nonce}" src="${script}"></script></body>
</html>`;
}
