/** Ask for a key: the typed text is the prefix of the list, which is loaded page by page. */

import * as vscode from 'vscode';
import { nameOf } from './address';
import { nowIn } from './clock';
import * as format from './format';
import { item } from './messages';
import type { NamespaceRef } from './model';
import { Dismissed } from './prompts';
import type { ListedKey } from './protocol';
import type { Server } from './server';
import { distinct, oneLine } from './visible';

const { t } = vscode.l10n;

const PAGE = 100; // keys in a picker; more on request
const TYPING = 150; // ms without typing before the list is requested

interface KeyItem extends vscode.QuickPickItem {
    key?: string;
    more?: boolean;
}

/** Ask for a key of a namespace. */
export function pickKey(server: Server, space: NamespaceRef, title: string): Promise<string> {
    const picker = vscode.window.createQuickPick<KeyItem>();
    picker.title = oneLine(`${title}: ${nameOf(space)}`);
    picker.ignoreFocusOut = true;
    picker.placeholder = t('Type the beginning of a key');
    return new Promise((resolve, reject) => {
        let keys: ListedKey[] = [];
        let cursor: string | undefined;
        let round = 0;
        let timer: NodeJS.Timeout | undefined;
        const load = async (): Promise<void> => {
            const mine = ++round;
            const first = cursor === undefined;
            picker.busy = true;
            try {
                const query = { ...space, prefix: picker.value, limit: PAGE, cursor };
                const page = await server.ask('kvlens.list', query);
                if (mine !== round) {
                    return; // something else was typed meanwhile
                }
                const before = first ? 0 : keys.length;
                keys = first ? page.keys : [...keys, ...page.keys];
                cursor = page.list_complete ? undefined : (page.cursor ?? undefined);
                picker.items = items(keys, cursor !== undefined, picker.value, space);
                picker.activeItems = picker.items.slice(before, before + 1);
                picker.busy = false;
            } catch (error) {
                if (mine === round) {
                    reject(error);
                    picker.hide();
                }
            }
        };
        picker.onDidChangeValue(() => {
            clearTimeout(timer);
            cursor = undefined;
            round += 1;
            timer = setTimeout(() => void load(), TYPING);
        });
        picker.onDidAccept(() => {
            const [item] = picker.selectedItems;
            if (item?.key !== undefined) {
                resolve(item.key);
                picker.hide();
            } else if (item?.more) {
                void load();
            }
        });
        picker.onDidHide(() => {
            clearTimeout(timer);
            round += 1;
            picker.dispose();
            reject(new Dismissed());
        });
        picker.show();
        void load();
    });
}

function items(keys: ListedKey[], more: boolean, typed: string, space: NamespaceRef): KeyItem[] {
    if (!keys.length) {
        const label = typed
            ? t('No key begins with "{0}"', typed)
            : t('No keys yet in {0}: seed from a file or put a key', nameOf(space));
        return [item({ label, alwaysShow: true })];
    }
    const rows: KeyItem[] = keys.map((one) => item({
        label: distinct(one.name),
        description: [
            one.damaged ? t('Damaged') : '',
            one.metadata === undefined || one.metadata === null
                ? ''
                : format.oneLine(one.metadata, 60),
            one.expiration ? t('expires {0}', format.until(one.expiration, nowIn(space.config))) : '',
        ]
            .filter(Boolean)
            .join(' · '),
        alwaysShow: true, // the server has done the filtering
        key: one.name,
    }));
    if (more) {
        const description = t('{0} shown', keys.length.toLocaleString('en'));
        rows.push({ label: `$(ellipsis) ${t('Load more…')}`, description, alwaysShow: true, more: true });
    }
    return rows;
}
