/** Choose a seed file: the project's own ones come first, with what they would change. */

import * as vscode from 'vscode';
import { nameOf } from './address';
import * as format from './format';
import { item } from './messages';
import type { NamespaceRef } from './model';
import { Dismissed } from './prompts';
import type { Preview } from './protocol';
import { seedsFolder } from './seedsFolder';
import type { Server } from './server';
import { oneLine } from './visible';

const { t } = vscode.l10n;

const LARGEST = 16 * 1024 * 1024; // bytes of a file that is read for the list

interface Row extends vscode.QuickPickItem {
    file?: vscode.Uri;
}

/** Ask for a seed file of a namespace, and return its URI. Throws Dismissed. */
export async function pickSeedFile(server: Server, space: NamespaceRef): Promise<string> {
    const files = await seedFiles(server, space);
    if (!files.length) {
        return browse(space);
    }
    const picker = vscode.window.createQuickPick<Row>();
    picker.title = oneLine(t('Seed {0}', nameOf(space)));
    picker.placeholder = t('Select a file. You are asked before keys are replaced');
    picker.matchOnDescription = true;
    picker.ignoreFocusOut = true;
    const rows = files.map((file): Row => ({
        ...item({ label: file.path.split('/').at(-1) ?? '' }),
        iconPath: new vscode.ThemeIcon('file'),
        file,
    }));
    const { Separator } = vscode.QuickPickItemKind;
    const iconPath = new vscode.ThemeIcon('folder-opened');
    const others: Row[] = [
        { label: '', kind: Separator },
        { label: t('Browse…'), iconPath, alwaysShow: true },
    ];
    let closed = false;
    const show = (): void => {
        const [active] = picker.activeItems;
        picker.items = [...rows, ...others];
        picker.activeItems = active ? [active] : rows.slice(0, 1);
    };
    const count = async (): Promise<void> => {
        picker.busy = true;
        for (const row of rows) {
            if (closed) {
                return;
            }
            row.description = await changes(server, space, row.file);
            show();
        }
        picker.busy = false;
    };
    const chosen = await new Promise<Row | undefined>((resolve) => {
        picker.onDidAccept(() => resolve(picker.selectedItems[0]));
        picker.onDidHide(() => resolve(undefined));
        show();
        picker.show();
        void count();
    });
    closed = true;
    picker.dispose();
    if (!chosen) {
        throw new Dismissed();
    }
    return chosen.file?.toString() ?? browse(space);
}

/** Return the project's seed files, first those of the namespace. */
export async function seedFiles(server: Server, space: NamespaceRef): Promise<vscode.Uri[]> {
    const { config, binding, environment } = space;
    const { files } = await server.ask('kvlens.seedFiles', { config, binding, environment });
    return files.map((file) => vscode.Uri.parse(file));
}

/** Say what a file would change; only its size if it is large. */
async function changes(server: Server, space: NamespaceRef, file?: vscode.Uri): Promise<string> {
    if (!file) {
        return '';
    }
    try {
        const { size } = await vscode.workspace.fs.stat(file);
        if (size > LARGEST) {
            return format.size(size);
        }
        const request = { ...space, file: file.toString(), dryRun: true };
        const { preview } = await server.ask('kvlens.seed', request);
        return preview ? describe(preview) : '';
    } catch (error) {
        return oneLine(format.reason(error));
    }
}

function describe({ new: added, changed, same, mistakes }: Preview): string {
    if (mistakes) {
        return format.count(mistakes, 'mistake');
    }
    const keys = format.count(added + changed + same, 'key');
    if (!added && !changed) {
        return same ? t('{0}, all there already', keys) : keys;
    }
    const parts = [keys];
    if (added) {
        parts.push(t('{0} new', added.toLocaleString('en')));
    }
    if (changed) {
        parts.push(t('{0} changed', changed.toLocaleString('en')));
    }
    return parts.join(', ');
}

async function browse(space: NamespaceRef): Promise<string> {
    const files = await vscode.window.showOpenDialog({
        title: t('Seed {0}: a JSON file in the format of wrangler kv bulk put', nameOf(space)),
        openLabel: t('Seed'),
        defaultUri: await seedsFolder(space.config),
        filters: { [t('JSON files')]: ['json'], [t('All files')]: ['*'] },
    });
    if (!files?.length) {
        throw new Dismissed();
    }
    return files[0].toString();
}
