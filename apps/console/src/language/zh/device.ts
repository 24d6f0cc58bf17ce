import type { Messages } from "../en/index.ts"

export const device: Messages["device"] = {
  tabs: { overview: "概览", commands: "命令", log: "日志", uplinks: "上行", why: "原因" },
  unknown: (key) => `没有设备 ${key}`,
  unknownBody: "它已被删除，或地址中的 Key 有误。以此名称尝试接入者见“陌生来访”。",
  seen: "最后上报",
  never: "从未",
  session: "会话",
  neverCame: "它从未接入。尝试过什么，见日志和“原因”。",
  lifetime: "Lifetime",
  left: (span) => `剩余 ${span}`,
  address: "地址",
  suite: "加密套件",
  waiting: "等待中的命令",
  online: "上线时间",
  offline: "上次离线",
  activated: "首次接入",
  registered: "注册时间",
  assetId: "资产 ID",
  latest: "最新值",
  noValues: "还没有测点数据",
  noValuesBody: "设备上报后，各测点的最新值会显示在这里。",
  quality: (quality) => `质量 ${quality}`,
  historyOf: (point) => `${point} 的历史`,
  chartOf: (point, points) => `${point} 的图表，共 ${points} 个值`,
  time: "时间",
  properties: {
    name: "名称",
    value: "值",
    jsonValue: "值（JSON 或文本）",
    tags: {
      title: "标签",
      none: "没有标签。标签由您定义：站点、客户、批次等；可按标签搜索设备。",
      add: "添加标签",
      remove: (name) => `删除标签 ${name}`
    },
    attributes: {
      title: "属性",
      none: "没有属性。由设备上报，或在此设置。",
      add: "添加属性",
      remove: (name) => `删除属性 ${name}`
    }
  },
  actions: {
    more: "更多",
    disable: "禁用",
    enable: "启用",
    disableTitle: (name) => `禁用 ${name}？`,
    enableTitle: (name) => `启用 ${name}？`,
    disableBody: "会话立即结束，启用之前一律拒绝。命令继续等待。",
    enableBody: "它凭原有密钥，在下次握手时恢复。",
    rename: "重命名…",
    renameTitle: "重命名设备",
    rotate: "更换密钥…",
    rotateTitle: (name) => `${name} 的新密钥`,
    rotateBody: "会话立即结束，当前密钥随即失效。必须把新密钥写入设备。",
    rotateAction: "更换",
    replace: "更换硬件…",
    replaceTitle: (name) => `为 ${name} 更换硬件`,
    replaceBody: "Key、资产 ID 和等待中的命令保留。旧硬件的会话和密钥立即失效，新硬件凭新密钥接入。",
    replaceAction: "更换",
    delete: "删除…"
  },
  log: {
    title: "设备日志",
    kind: "类型",
    anyKind: "所有类型",
    nothingFound: "没有该类型的记录",
    none: "还没有任何记录",
    noneBody: "握手、拒绝及其原因、上下线和命令会实时显示在这里，保留 7 天。",
    older: "显示更早的"
  },
  uplinks: {
    title: "上行数据",
    none: "还没有上行数据",
    noneBody: "凡以 2.04 应答的消息都在这里，与设备所写一致。",
    oldest: (time) => `数据流最早至 ${time}`,
    csv: "下载 CSV",
    older: "显示更早的"
  }
}

export const commands: Messages["commands"] = {
  title: "命令",
  send: "发送命令",
  none: "还没有命令",
  noneBody: "命令等待设备唤醒后取走，每一步都显示在这里。",
  kind: "命令类型",
  forms: { set: "设置测点", get: "读取测点", service: "调用服务", upgrade: "升级固件", raw: "发送字节" },
  firmware: {
    version: "版本",
    fileUrl: "文件地址",
    fileSize: "大小（字节）",
    sign: "校验和",
    signMethod: "校验方式"
  },
  bytes: "字节（十六进制）",
  bytesHint: "设备收到的原始字节，例如 01 ff",
  kinds: { measurepointSet: "设置", measurepointGet: "读取", service: "调用", raw: "字节", otaUpgrade: "升级到" },
  point: "测点",
  service: "服务",
  value: "值",
  inputs: "输入（JSON）",
  json: "JSON；单个词视为文本",
  true: "true",
  false: "false",
  expected: {
    integer: "应为整数",
    number: "应为数字",
    json: "应为 JSON",
    text: "必填",
    hexadecimal: "应为成对的十六进制数字"
  },
  wait: "最长等待",
  waitHint: "等待设备唤醒的时间",
  waits: { "0": "仅当设备在线", "600": "10 分钟", "3600": "1 小时", "86400": "1 天", "172800": "2 天" },
  submit: "发送",
  accepted: (id) => `已受理：${id}。`,
  noModel: "该产品没有物模型，发送前不做检查。",
  cancel: "取消",
  now: "现在",
  steps: { created: "创建", hinted: "提示", fetched: "取走", sent: "最近下发", replied: "应答", finished: "结束" },
  states: {
    created: "等待中",
    sent: "已取走",
    succeeded: "成功",
    failed: "失败",
    expired: "已过期",
    cancelled: "已取消",
    timedOut: "超时"
  }
}
