/** The entry point of a table's webview. */

import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-split-layout/index.js';
import { render } from 'preact';
import { App } from './app';
import { TableModel } from './model';
import './table.css';

render(<App model={new TableModel()} />, document.body);
