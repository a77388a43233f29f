/** Status bar items of the active value: its expiration and metadata; a click edits them. */

import * as vscode from 'vscode';
import { placeOf } from './address';
import { delayOf, nowIn } from './clock';
import type { Documents } from './documents/documents';
import type { Version } from './documents/version';
import * as format from './format';
import { activeValue } from './keys';
import { label } from './visible';

/** Shows two items while the active tab shows a value. */
export class ValueStatus implements vscode.Disposable {
    private readonly expiration = item('kvlens.expiration', 101.2);
    private readonly metadata = item('kvlens.metadata', 101.1);
    private readonly subscription: vscode.Disposable;
    private timer: NodeJS.Timeout | undefined;

    constructor(private readonly documents: Documents) {
        const update = (): void => this.update();
        this.expiration.name = vscode.l10n.t('Expiration of the KV Value');
        this.metadata.name = vscode.l10n.t('Metadata of the KV Value');
        this.subscription = vscode.Disposable.from(
            this.expiration,
            this.metadata,
            documents.onDidChangeForm(update),
            vscode.window.tabGroups.onDidChangeTabs(update),
            vscode.window.tabGroups.onDidChangeTabGroups(update),
        );
    }

    dispose(): void {
        clearTimeout(this.timer);
        this.subscription.dispose();
    }

    private update(): void {
        clearTimeout(this.timer);
        const uri = activeValue();
        const version = uri && this.documents.known(uri);
        if (!version) {
            this.expiration.hide();
            this.metadata.hide();
            return;
        }
        this.showExpiration(uri, version);
        this.showMetadata(uri, version);
    }

    private showExpiration(uri: vscode.Uri, { expiration }: Version): void {
        const { t } = vscode.l10n;
        const now = nowIn(placeOf(uri).config);
        const until = expiration && format.until(expiration, now);
        const text = until ? t('expires {0}', until) : t('no expiration');
        const tooltip = expiration
            ? t('Expires {0}. Select to change it.', format.moment(expiration))
            : t('The key never expires. Select to change that.');
        show(this.expiration, `$(watch) ${text}`, text, tooltip, {
            command: 'kvlens.setExpiration',
            title: t('Set Expiration…'),
            arguments: [uri],
        });
        if (expiration && expiration > now) {
            const delay = delayOf(format.nextChange(expiration, now) - now, 500);
            this.timer = setTimeout(() => this.update(), delay);
        }
    }

    private showMetadata(uri: vscode.Uri, { metadata }: Version): void {
        const { t } = vscode.l10n;
        const none = metadata === undefined || metadata === null;
        const text = none ? t('no metadata') : t('metadata {0}', label(format.oneLine(metadata, 30)));
        const tooltip = none
            ? t('The key has no metadata. Select to add some.')
            : t('{0}\nSelect to edit it.', format.oneLine(metadata, 1000));
        show(this.metadata, `$(tag) ${text}`, text, tooltip, {
            command: 'kvlens.editMetadata',
            title: t('Edit Metadata…'),
            arguments: [uri],
        });
    }
}

function item(id: string, priority: number): vscode.StatusBarItem {
    return vscode.window.createStatusBarItem(id, vscode.StatusBarAlignment.Right, priority);
}

function show(
    bar: vscode.StatusBarItem,
    text: string,
    spoken: string,
    tooltip: string,
    command: vscode.Command,
): void {
    Object.assign(bar, { text, tooltip, command });
    bar.accessibilityInformation = { label: `KV: ${spoken}`, role: 'button' };
    bar.show();
}
