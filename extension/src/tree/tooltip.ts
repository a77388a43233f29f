/** The tooltip of a key: the start of its value, its size, expiration and metadata. */

import * as vscode from 'vscode';
import { nowIn } from '../clock';
import { mayBeHidden } from '../clockStatus';
import * as format from '../format';
import { reference } from '../model';
import type { Value } from '../protocol';
import type { Server } from '../server';
import { peek } from '../values';
import { block, inline } from '../visible';
import type { KeyNode } from './nodes';

const { t } = vscode.l10n;

const PREVIEW = 400; // characters of a value

/** Read a key, and describe it. */
export async function keyTooltip(
    server: Server,
    node: KeyNode,
    token: vscode.CancellationToken,
): Promise<vscode.MarkdownString> {
    const text = new vscode.MarkdownString();
    const namespace = reference(node.parent.project, node.parent.namespace);
    text.appendMarkdown(t('**Key** {0}', inline(node.key.name)));
    let value: Value | null;
    try {
        value = await peek(server, namespace, node.key.name, token);
    } catch (error) {
        return text.appendMarkdown(`  \n${inline(format.reason(error))}`);
    }
    if (!value) {
        return text.appendMarkdown(`  \n${t('This key no longer exists.')}${mayBeHidden(namespace.config)}`);
    }
    text.appendMarkdown(`  \n${format.size(value.size)}`);
    if (value.expiration) {
        const left = format.until(value.expiration, nowIn(namespace.config));
        const when = format.moment(value.expiration);
        text.appendMarkdown(`  \n${t('expires {0}, {1}', left, when)}`);
    }
    if (value.metadata !== undefined && value.metadata !== null) {
        const metadata = inline(format.oneLine(value.metadata, 200));
        text.appendMarkdown(`  \n${t('metadata {0}', metadata)}`);
    }
    if (value.text) {
        const more = value.text.length > PREVIEW ? '…' : '';
        text.appendMarkdown(block(value.text.slice(0, PREVIEW) + more));
    }
    return text;
}
