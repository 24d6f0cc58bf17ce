import type { Messages } from "../en/index.ts"

export const fleet: Messages["fleet"] = {
  title: "设备",
  devices: (count) => `${count} 台设备`,
  all: "全部",
  rates: (uplinks, handshakes) => `${uplinks} 条上行/秒 · ${handshakes} 次握手/秒`,
  search: "搜索",
  searchHint: "键、名称或标签的一部分",
  product: "产品",
  anyProduct: "任意产品",
  tag: "标签",
  tagHint: "名称，或 名称=值",
  silent: "静默超过",
  anySilence: "不限",
  silences: { "15m": "15 分钟", "1h": "1 小时", "24h": "24 小时", "7d": "7 天", "30d": "30 天" },
  clear: "清除",
  clearFilters: "清除筛选条件",
  columns: { device: "设备", status: "状态", product: "产品", seen: "最后上报", address: "地址", tags: "标签" },
  never: "从未",
  sortBy: (column) => `按${column}排序`,
  list: "设备列表",
  loadingMore: "正在加载更多设备",
  actionsOf: (device) => `${device} 的操作`,
  open: "打开",
  delete: "删除…",
  deleteTitle: (device) => `删除 ${device}？`,
  deleteBody: "它的会话立即结束，密钥、属性、标签和最新值一并删除。已存储的上行数据仍留在流中。",
  none: "还没有设备",
  noneBody: "设备属于某个产品：同一固件，同一数据格式。请先创建产品，再添加第一台设备。",
  nothingFound: "没有符合条件的设备",
  nothingFoundBody: "没有设备同时满足搜索和筛选条件。一两个字符只匹配开头。",
  addDevice: "添加设备",
  newProduct: "新建产品",
  import: "导入…"
}

export const newProduct: Messages["newProduct"] = {
  title: "新建产品",
  name: "名称",
  nameHint: "人们如何称呼这类设备",
  key: "产品 Key",
  keyHint: "每台设备身份的一部分；留空则自动生成",
  format: "数据格式",
  json: "JSON：设备使用 EnOS 协议",
  custom: "Custom：字节流，由您的脚本转换",
  dynamic: "设备可以自行获取密钥",
  dynamicHint: "凭产品密钥（SecureMode 3），每台一次",
  create: "创建产品",
  made: (name) => `已创建 ${name}`
}

export const newDevice: Messages["newDevice"] = {
  title: "添加设备",
  product: "产品",
  key: "设备 Key",
  keyHint: "例如序列号",
  name: "名称",
  nameHint: "留空则与 Key 相同",
  secret: "密钥",
  secretHint: "留空则自动生成 20 位字母和数字",
  create: "添加设备",
  credentials: (device) => `${device} 如何连接`,
  once: "密钥只显示这一次，请复制所需内容。",
  openDevice: "打开设备"
}

export const connect: Messages["connect"] = {
  identity: "PSK 身份",
  secret: "密钥",
  key: "PSK 密钥值",
  keyHint: "16 字节：密钥 SHA-256 的中间部分",
  hex: "十六进制",
  octal: "八进制",
  text: "文本（若客户端支持）",
  address: "地址",
  lines: "可直接粘贴的命令",
  roost: "本仓库自带的软件设备",
  libcoap: "libcoap（coap-client-openssl）",
  zephyr: "固件用的 C 代码"
}

export const importing: Messages["importing"] = {
  title: "导入设备",
  product: "产品",
  file: "文件",
  fileHint:
    '每行一台设备的 JSON：{"deviceKey":"m-1","deviceName":"Meter 1"}；或首行为 deviceKey,deviceName,deviceSecret 的 CSV',
  choose: "选择文件",
  start: "导入",
  stop: "停止",
  progress: (done, all) => `${done} / ${all} 行`,
  imported: (count) => `已导入 ${count} 台`,
  refused: (count) => `拒绝 ${count} 行`,
  line: "行",
  reason: "原因",
  device: "设备 Key",
  stopped: "已停止。之前各行的设备已注册。",
  download: "下载密钥",
  downloadHint: "所导入设备的密钥只在此文件中给出一次。",
  moreRefused: (count) => `另有 ${count} 行被拒绝`,
  empty: "文件没有内容。"
}
