/** How rows of the view look. */

import * as vscode from 'vscode';
import { uriOf } from '../address';
import { nowIn } from '../clock';
import { hasOwnEditor } from '../contents';
import * as format from '../format';
import { iconOf, isShownAsBytes } from '../kinds';
import { placeOf, reference, stateOf } from '../model';
import type { Project } from '../protocol';
import { distinct, oneLine } from '../visible';
import {
    type EnvironmentNode,
    type FolderNode,
    type HintNode,
    idOf,
    type KeyNode,
    listId,
    type MoreNode,
    type NamespaceNode,
    type UnclaimedNode,
} from './nodes';

const { t } = vscode.l10n;

const SHORT = 60; // characters of a value in its row
const SHORTER = 24; // if its expiration follows: a side bar is narrow
export const COUNTED = 10_000; // keys in a folder; more aren't counted

/** Return an item with names as plain text. */
export function shown(item: vscode.TreeItem): vscode.TreeItem {
    item.label = oneLine(String(item.label));
    if (typeof item.description === 'string') {
        item.description = oneLine(item.description);
    }
    if (item.accessibilityInformation) {
        const { label, role } = item.accessibilityInformation;
        item.accessibilityInformation = { label: oneLine(label), role };
    }
    return item;
}

export function unclaimedItem(node: UnclaimedNode): vscode.TreeItem {
    const label = t('Keys without a namespace');
    const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Expanded);
    item.id = `${node.project.config}|unclaimed`;
    item.contextValue = 'withoutNamespace';
    item.iconPath = new vscode.ThemeIcon('question');
    item.tooltip = t('Keys in namespaces that no config declares, such as after a rename.');
    return item;
}

export function projectItem(project: Project): vscode.TreeItem {
    const item = new vscode.TreeItem(project.label, vscode.TreeItemCollapsibleState.Expanded);
    item.id = project.config;
    item.contextValue = 'project';
    item.iconPath = new vscode.ThemeIcon('file-code');
    item.description = project.state === 'failed' ? t('emulator failed') : placeOf(project).word;
    item.tooltip = projectTooltip(project);
    return item;
}

export function projectTooltip(project: Project): string {
    const url = project.state === 'running' ? project.url : null;
    const emulator = url ? t('Emulator at {0}', url) : t('Emulator {0}', stateOf(project));
    return [project.label, emulator, t('Store {0}', project.store), project.message ?? '']
        .filter(Boolean)
        .map(oneLine)
        .join('\n');
}

export function environmentItem(node: EnvironmentNode): vscode.TreeItem {
    const label = node.environment ?? t('Top level');
    const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Expanded);
    item.id = `${node.project.config}|environment|${node.environment ?? ''}`;
    item.contextValue = 'environment';
    const { word, isRemote } = placeOf(node.project);
    const icon = node.environment === null ? 'home' : 'layers';
    item.iconPath = new vscode.ThemeIcon(isRemote ? 'cloud' : icon);
    item.description = word;
    item.tooltip =
        node.environment === null
            ? t('Used if no environment is selected')
            : oneLine(t('[env.{0}], selected with --env {0}', node.environment));
    item.accessibilityInformation = { label: `${label}, ${word}` };
    return item;
}

export function namespaceItem(
    node: NamespaceNode,
    itemId: string,
    isOpen: boolean,
    filter: string,
): vscode.TreeItem {
    const { binding, id, keys, size, unclaimed, message } = node.namespace;
    const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(binding, isOpen ? Expanded : Collapsed);
    item.id = itemId;
    item.contextValue = unclaimed ? 'unclaimed' : 'namespace';
    const place = placeOf(node.project);
    const icon = place.isRemote ? 'cloud' : 'database';
    item.iconPath = new vscode.ThemeIcon(message ? 'warning' : icon);
    const notes = typeof keys === 'number' ? [format.count(keys, 'key')] : [];
    if (node.project.namespaces.at(-1)?.environment === null) {
        notes.push(place.word); // otherwise the rows of the environments say so
    }
    if (filter) {
        notes.push(vscode.l10n.t('filter: {0}*', distinct(filter)));
    }
    item.description = message ? t("can't be read") : notes.join(' · ');
    const lines = unclaimed
        ? [t('The store has keys in "{0}", which no config declares.', id)]
        : [`env.${binding}`, t('namespace {0}', id)];
    if (typeof keys === 'number') {
        const amount = typeof size === 'number' ? `, ${format.size(size)}` : '';
        lines.push(`${format.count(keys, 'key')}${amount}`);
    }
    if (message) {
        lines.push(message);
    }
    item.tooltip = lines.map(oneLine).join('\n');
    item.command = { command: 'kvlens.openNamespace', title: t('Open Namespace'), arguments: [node] };
    item.accessibilityInformation = { label: `${binding}, ${item.description}` };
    return item;
}

export function keyItem(node: KeyNode): vscode.TreeItem {
    const { name, type, preview, expiration, damaged } = node.key;
    const rest = name.slice(node.within.length) || name;
    const item = new vscode.TreeItem(distinct(rest), vscode.TreeItemCollapsibleState.None);
    item.id = `${idOf(node.parent)}|key|${name}`;
    item.contextValue = 'key';
    item.iconPath = new vscode.ThemeIcon(iconOf(type));
    item.tooltip = damaged && oneLine(damaged);
    const now = nowIn(node.parent.project.config);
    const most = expiration ? SHORTER : SHORT;
    const value = damaged
        ? t('Damaged')
        : preview && preview.length > most
          ? `${preview.slice(0, most)}…`
          : preview;
    const left = expiration ? format.left(expiration, now) : '';
    item.description = [value, left].filter(Boolean).join(' · ');
    const expires = expiration ? t('expires {0}', format.until(expiration, now)) : '';
    const label = [oneLine(distinct(name)), type, value, expires].filter(Boolean).join(', ');
    item.accessibilityInformation = { label };
    const uri = uriOf(reference(node.parent.project, node.parent.namespace), name);
    item.command =
        hasOwnEditor(name) || isShownAsBytes(type)
            ? { command: 'kvlens.open', title: t('Open Value'), arguments: [node] }
            : { command: 'vscode.open', title: t('Open Value'), arguments: [uri] };
    return item;
}

export function folderItem(node: FolderNode, itemId: string, isOpen: boolean, keys: number | undefined): vscode.TreeItem {
    const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    const name = distinct(node.prefix.slice(node.within.length));
    const item = new vscode.TreeItem(name, isOpen ? Expanded : Collapsed);
    item.id = itemId;
    item.contextValue = 'folder';
    item.iconPath = new vscode.ThemeIcon('folder');
    const more = keys !== undefined && keys > COUNTED;
    const counted = keys === undefined ? '' : format.count(keys, 'key');
    item.description = more ? t('{0}+ keys', COUNTED.toLocaleString('en')) : counted;
    item.tooltip = vscode.l10n.t('Keys that begin with {0}', oneLine(distinct(node.prefix)));
    item.accessibilityInformation = { label: `${name}, ${item.description}` };
    return item;
}

export function moreItem(node: MoreNode, shown: number): vscode.TreeItem {
    const item = new vscode.TreeItem(t('Load more…'));
    item.id = `${listId(node.parent, node.prefix)}|more`;
    item.contextValue = 'more';
    item.iconPath = new vscode.ThemeIcon('ellipsis');
    item.description = t('{0} shown', shown.toLocaleString('en'));
    item.command = { command: 'kvlens.loadMore', title: t('Load More'), arguments: [node] };
    return item;
}

export function hintItem(node: HintNode): vscode.TreeItem {
    const item = new vscode.TreeItem(node.label);
    item.id = node.id;
    item.contextValue = 'hint';
    item.iconPath = new vscode.ThemeIcon(node.icon);
    item.description = node.description;
    item.tooltip = oneLine(node.tooltip ?? node.label);
    item.command = node.command;
    return item;
}
